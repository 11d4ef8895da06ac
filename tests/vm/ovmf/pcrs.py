#!/usr/bin/env python3
"""Does a boot event log lead to a TPM's PCRs? Replayed by tpm2_eventlog, the TPM read from outside the guest (guest.py).

  pcrs.py LOG RESULT [VERDICT]     RESULT: of guest.py; VERDICT: what `bootgate log --json` said in the guest
Prints how many PCRs agree, or the first that does not.
"""
import json
import re
import subprocess
import sys


def replayed(log):
    """The last section of tpm2_eventlog's YAML, by bank."""
    text = subprocess.run(['tpm2_eventlog', log], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=True).stdout.decode(
        errors='replace')
    banks, bank = {}, None
    for line in text[text.rindex('\npcrs:'):].splitlines():
        if name := re.fullmatch(r'  (\w+):', line):
            bank = banks.setdefault(name[1], {})
        elif value := re.fullmatch(r'    (\d+)\s*: 0x([0-9a-f]+)', line):
            bank[int(value[1])] = value[2]
    return banks


def main():
    banks = replayed(sys.argv[1])
    with open(sys.argv[2], encoding='ascii') as file:
        tpm = json.load(file)['pcrs']
    sides = [('the TPM', 'sha256', {int(i): v for i, v in tpm.items()})]
    if len(sys.argv) > 3:
        with open(sys.argv[3], encoding='ascii') as file:
            ours = json.load(file)['pcrs']
        sides += [(f'bootgate, {bank}', bank, {int(i): v for i, v in values.items()}) for bank, values in ours.items()]
    agree = 0
    for name, bank, values in sides:
        for i, value in banks[bank].items():
            if values.get(i) != value:
                print(f'{name}: PCR {i} is {values.get(i)}, the log leads to {value}')
                return
            agree += 1
    print(f'{agree} agree' if agree >= 8 * len(sides) else f'only {agree} were compared')


if __name__ == '__main__':
    main()
