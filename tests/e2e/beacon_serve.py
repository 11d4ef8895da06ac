#!/usr/bin/env python3
"""beacon_serve: a beacon node's light client routes on a free loopback port, for checkpoint_live_e2e.sh.

    beacon_serve.py PORT_FILE [VECTORS_DIR]

The first part of a path says how to answer:
  /made/..   a finality update of the right shape, made here: nobody signed it
  /twin/..   the same slot, another block       /past/..   an epoch earlier
  /other/..  the times of another network
  /zero/..   nothing finalized                  /html/.. /fail/.. /cut/..   no answer of a beacon node
  /real/..   what VECTORS_DIR has recorded      /fake/..   the same, the finalized header changed
  /doc/NAME  a file of the working directory
"""
import copy
import http.server
import json
import os
import sys

SLOT = 14017952  # mainnet, Fulu
ROUTE = "/eth/v1/beacon/light_client/"


def word(n, size=32):
    return "0x" + n.to_bytes(size, "big").hex()


def header(slot, body, late):
    execution = {name: word(7) for name in ("parent_hash", "state_root", "receipts_root", "prev_randao", "block_hash", "transactions_root", "withdrawals_root")}
    execution |= {name: "1" for name in ("block_number", "gas_limit", "gas_used", "base_fee_per_gas", "blob_gas_used", "excess_blob_gas")}
    execution["timestamp"] = str(1606824023 + 12 * slot + late)
    execution |= {"fee_recipient": word(1, 20), "logs_bloom": word(0, 256), "extra_data": "0x"}
    beacon = {"slot": str(slot), "proposer_index": "5", "parent_root": word(1), "state_root": word(2), "body_root": word(body)}
    if slot == 0:  # an empty header: all zero
        beacon = {k: "0" if k in ("slot", "proposer_index") else word(0) for k in beacon}
        execution = {k: "0" if len(v) < 20 and v != "0x" else "0x" + "0" * (len(v) - 2) for k, v in execution.items()}
        return {"beacon": beacon, "execution": execution, "execution_branch": [word(0)] * 4}
    return {"beacon": beacon, "execution": execution, "execution_branch": [word(i) for i in range(4)]}


def finality(slot, body, late):
    data = {
        "attested_header": header(SLOT + 67, 3, late), "finalized_header": header(slot, body, late),
        "finality_branch": [word(i) for i in range(7)], "signature_slot": str(SLOT + 68),
        "sync_aggregate": {"sync_committee_bits": word(0, 64), "sync_committee_signature": word(0, 96)},
    }
    return {"version": "fulu", "data": data}


def recorded(path, fake):
    name = path.split("?")[0].removeprefix(ROUTE).split("/")[0]
    files = {"bootstrap": "bootstrap", "updates": "updates", "finality_update": "finality", "optimistic_update": "optimistic"}
    with open(os.path.join(sys.argv[2], files[name] + ".json")) as f:
        answer = json.load(f)
    if fake and name == "finality_update":
        answer = copy.deepcopy(answer)
        answer["data"]["finalized_header"]["beacon"]["body_root"] = word(9)
    return answer


class Node(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def reply(self, status, kind, body):
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body) + (100 if kind == "cut" else 0)))
        self.end_headers()
        self.wfile.write(body)

    def do_GET(self):
        mode, _, rest = self.path[1:].partition("/")
        made = {"made": (SLOT, 3, 0), "twin": (SLOT, 4, 0), "past": (SLOT - 32, 3, 0), "zero": (0, 3, 0), "other": (SLOT, 3, 1)}
        try:
            if mode == "doc":
                with open(os.path.basename(rest), "rb") as f:
                    return self.reply(200, "application/json", f.read())
            if mode == "html":
                return self.reply(200, "text/html", b"<p>hello</p>")
            if mode == "fail":
                return self.reply(500, "application/json", b"{}")
            if mode == "cut":
                self.close_connection = True
                return self.reply(200, "cut", b"{")
            answer = finality(*made[mode]) if mode in made else recorded("/" + rest, mode == "fake")
        except (KeyError, OSError):
            return self.reply(404, "application/json", b'{"code": 404}')
        return self.reply(200, "application/json", json.dumps(answer).encode())

    def log_message(self, *args):
        pass


server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Node)
with open(sys.argv[1] + ".part", "w") as out:
    out.write(str(server.server_address[1]))
os.rename(sys.argv[1] + ".part", sys.argv[1])
server.serve_forever()
