#!/usr/bin/env python3
"""What dstack's setup measures of an app, computed a second time from the published description
(facts: dstack-util system_setup.rs measure_app_info, cc-eventlog runtime_events.rs): writes the
cases of tests/vectors/app_plan_cases.h.

    tests/oracles/app_plan.py > tests/vectors/app_plan_cases.h

For tests/e2e/own_e2e.sh:

    tests/oracles/app_plan.py events COMPOSE INFO 0|1     the events, "name payload" a line
    tests/oracles/app_plan.py measured MEASURED           the seed of a measured.json, as INFO
    tests/oracles/app_plan.py log COMPOSE INFO 0|1        the same as lines of dstack's log
    tests/oracles/app_plan.py rtmr3 COMPOSE INFO 0|1      what they come to
    tests/oracles/app_plan.py kms MACHINE LOG             mrAggregated and mrSystem of a KMS, whole log
"""
import base64
import hashlib
import json
import struct
import sys


def sha256(b):
    return hashlib.sha256(b).digest()


def digest(version, name, payload):
    if version == 1:
        text = struct.pack('<I', 0x08000001) + b':' + name.encode() + b':' + payload
    else:
        text = json.dumps({'name': name, 'payload': payload.hex(), 'type': 0x08000001},
                          separators=(',', ':'), sort_keys=True, ensure_ascii=False).encode()
    return hashlib.sha384(text).digest()


def events(compose, info, seed, gpu_policy):
    text, doc = compose.encode(), json.loads(compose)
    info = json.loads(info) if info else {}
    app_id = bytes.fromhex(info.get('app_id', '')) or sha256(text)[:20]
    scripts = doc.get('init_script')
    scripts = [] if scripts is None else scripts
    scripts = [scripts] if isinstance(scripts, str) else scripts
    provider = doc.get('key_provider') or ('kms' if doc.get('kms_enabled') else
                                           'local' if doc.get('local_key_provider_enabled') else 'none')
    kept = bytes.fromhex(info.get('instance_id_seed', ''))
    if provider == 'none' or not kept:
        kept = seed
    instance = b'' if doc.get('no_instance_id') else sha256(kept + app_id)[:20]
    log = [('system-preparing', b''), ('app-id', app_id), ('compose-hash', sha256(text))]
    log += [('init-script-hash', sha256(s.encode())) for s in scripts]
    if gpu_policy:
        policy = (doc.get('requirements') or {}).get('gpu_policy', {})
        log.append(('gpu-policy-hash', sha256(json.dumps(
            policy, separators=(',', ':'), sort_keys=True, ensure_ascii=False).encode())))
    log += [('instance-id', instance), ('boot-mr-done', b'')]
    return app_id, instance, log


def replay(version, log):
    mr = bytes(48)
    for name, payload in log:
        mr = hashlib.sha384(mr + digest(version, name, payload)).digest()
    return mr


def compose(**members):
    doc = {'manifest_version': 2, 'name': 'an app', 'runner': 'docker-compose'}
    doc.update(members)
    return json.dumps({k: v for k, v in doc.items() if v is not ...}, ensure_ascii=False)


SEED, KEPT, APP = bytes(range(20)), bytes(range(100, 120)), bytes(range(200, 220))
INFO = json.dumps({'instance_id_seed': KEPT.hex(), 'instance_id': '', 'app_id': APP.hex()})
SEEDED = json.dumps({'instance_id_seed': KEPT.hex()})
REGO = 'package policy\n\nnv_match { input[_]["x"] == "\u00e9\u20ac\t\\\x01/" }\x7f'
# name, app-compose.json, .instance_info, with the GPU policy's event
CASES = [
    ('the least', compose(), '', False),
    ('GPU policy by default', compose(), '', True),
    ('a KMS, a kept seed, an app id', compose(kms_enabled=True), INFO, True),
    ('no provider: the seed is drawn', compose(kms_enabled=False), INFO, True),
    ('a local provider', compose(local_key_provider_enabled=True), SEEDED, False),
    ('a provider by name', compose(key_provider='tpm'), SEEDED, False),
    ('the name goes before the flags', compose(key_provider='none', kms_enabled=True), INFO, False),
    ('null is no name', compose(key_provider=None, kms_enabled=True), SEEDED, False),
    ('no instance id', compose(no_instance_id=True, kms_enabled=True), INFO, True),
    ('an empty file of the instance', compose(key_provider='kms'), '{}', True),
    ('empty members', compose(key_provider='kms'), '{"app_id":"","instance_id_seed":""}', True),
    ('a short seed', compose(key_provider='kms'), '{"instance_id_seed":"00ff"}', False),
    ('one script', compose(init_script='#!/bin/sh\ntrue\n'), '', False),
    ('an empty script', compose(init_script=''), '', False),
    ('null scripts', compose(init_script=None), '', False),
    ('no scripts', compose(init_script=[]), '', False),
    ('one script in a list', compose(init_script=['echo \u00e9']), '', False),
    ('five scripts', compose(manifest_version='3', init_script=list('abcde')), '', True),
    ('encoding 1', compose(event_log_version=1), '', False),
    ('encoding 2', compose(event_log_version=2, kms_enabled=True), INFO, True),
    ('manifest 1', compose(manifest_version=1), '', False),
    ('manifest "2"', compose(manifest_version='2'), '', False),
    ('requirements null', compose(requirements=None), '', True),
    ('requirements without a GPU policy', compose(manifest_version='3', requirements={}), '', True),
    ('a GPU policy', compose(manifest_version='3', requirements={'gpu_policy': {
        'rego': REGO, 'attest_gpu': False, 'allow_debug': True, 'allow_insecure_boot': False,
        'allow_devtools': True}}), '', True),
    ('a GPU policy that is empty', compose(manifest_version='3', requirements={'gpu_policy': {}}), '', True),
    ('a GPU policy with null', compose(manifest_version='3', requirements={'gpu_policy': {'rego': None}}), '', True),
    ('other members', '\n' + compose(features=['x'], deep={'a': [1, 2.5, None]}) + ' \n', '', True),
    ('nerdctl', compose(manifest_version='3', runner='nerdctl-compose'), '', False),
]


def files(compose_file, info_file):
    info = open(info_file).read() if info_file != '-' else ''
    text = open(compose_file).read()
    return json.loads(text).get('event_log_version', 1), text, info


def log_line(version, name, payload):
    entry = {'event': name, 'payload': base64.b64encode(payload).decode()}
    if version == 2:
        entry['version'] = 2
    return json.dumps(entry, separators=(',', ':'))


def kms(machine, log):
    m = json.load(open(machine))
    entries = [json.loads(line) for line in open(log)]
    mr, provider = bytes(48), b''
    for e in entries:
        payload = base64.b64decode(e['payload'])
        mr = hashlib.sha384(mr + digest(e.get('version', 1), e['event'], payload)).digest()
        if e['event'] == 'key-provider':
            provider = payload
    front = b''.join(bytes.fromhex(m[k]) for k in ('mr_td', 'rtmr0', 'rtmr1', 'rtmr2'))
    config = bytes.fromhex(m['mr_config_id'])
    tail = config + bytes(96) if any(config) else b''
    print(sha256(front + mr + tail).hex(), sha256(front + sha256(provider)).hex())


def main(what, *args):
    if what == 'kms':
        return kms(*args)
    if what == 'measured':
        return print(json.dumps({k: v for k, v in json.load(open(args[0])).items() if k != 'instance_id'}))
    version, text, info = files(*args[:2])
    _, _, log = events(text, info, bytes.fromhex(json.loads(info)['instance_id_seed']) if info else b'',
                       args[2] == '1')
    if what == 'rtmr3':
        return print(replay(version, log).hex())
    for name, payload in log:
        print(log_line(version, name, payload) if what == 'log' else '%s %s' % (name, payload.hex()))


def c_string(text):
    return '"' + ''.join(chr(b) if 32 <= b < 127 and b not in (34, 63, 92) else '\\%03o' % b
                         for b in text.encode()) + '"'


def header():
    print('/* Made by tests/oracles/app_plan.py. */\n/* clang-format off */')
    print('static const struct {\n    const char *name, *compose, *info;\n    bool gpu_policy;\n'
          '    unsigned version;\n    size_t events;\n    const char *app_id, *instance_id, *compose_hash, *rtmr3;\n'
          '} cases[] = {')
    for name, text, info, gpu in CASES:
        version = json.loads(text).get('event_log_version', 1)
        app_id, instance, log = events(text, info, SEED, gpu)
        print('    {%s, %s,\n     %s, %s, %d, %d,\n     "%s", "%s",\n     "%s",\n     "%s"},' % (
            c_string(name), c_string(text), c_string(info), 'true' if gpu else 'false', version, len(log),
            app_id.hex(), instance.hex(), sha256(text.encode()).hex(), replay(version, log).hex()))
    print('};\n/* clang-format on */')


if len(sys.argv) > 1:
    main(*sys.argv[1:])
else:
    header()
