#!/usr/bin/env python3
"""A provisioning certification service of the tests' own: the paths of Intel's PCS (version 4) and of a PCCS, on loopback.

    serve.py FOLDER PORTS-FILE

Documents are those of FOLDER/SET/bundle.json (tests/tools/mkbundle). The first part of a path says how to answer:

    /SET/FAULTS/sgx/certification/v4/..      FAULTS: "none", or DOC:KIND joined by commas; DOC: pck, root, tcb, qe, numbers, all

The early set is that of FOLDER/coming where there is one. PORTS-FILE gets the port of two servers that answer alike; FOLDER/log
gets a line for each request.
"""
import http.server, json, os, sys, threading, time, urllib.parse

folder, ports_file = sys.argv[1:3]
lock = threading.Lock()
HEADERS = {"pck": "SGX-PCK-CRL-Issuer-Chain", "tcb": "TCB-Info-Issuer-Chain", "qe": "SGX-Enclave-Identity-Issuer-Chain",
           "numbers": "TCB-Evaluation-Data-Numbers-Issuer-Chain"}


def collateral(name):
    with open(os.path.join(folder, name, "bundle.json")) as f:
        return json.load(f)["collateral"]


def numbers(name):
    with open(os.path.join(folder, name, "numbers.json")) as f:
        return json.load(f)


def document(path, query):
    """Which document is asked for, and whether it is asked for as the interface says."""
    if path == "/sgx/certification/v4/pckcrl":
        return "pck", query == {"ca": ["platform"], "encoding": ["der"]}
    if path == "/sgx/certification/v4/rootcacrl" or path == "/point.der":
        return "root", query == {}
    if path == "/tdx/certification/v4/tcb":
        return "tcb", set(query) == {"fmspc", "update"} and len(query["fmspc"][0]) == 12
    if path == "/tdx/certification/v4/qe/identity":
        return "qe", set(query) == {"update"}
    if path == "/tdx/certification/v4/tcbevaluationdatanumbers":
        return "numbers", query == {}
    return None, False


def answer(doc, c):
    """Body and issuer chain, as the real services send them."""
    if doc == "pck":
        return bytes.fromhex(c["pck_crl"]), c["pck_crl_issuer_chain"]
    if doc == "root":
        return c["root_ca_crl"].encode(), None  # hex: a PCCS
    if doc == "tcb":
        return ('{"tcbInfo":%s,"signature":"%s"}' % (c["tcb_info"], c["tcb_info_signature"])).encode(), c["tcb_info_issuer_chain"]
    if doc == "numbers":
        body = '{"tcbEvaluationDataNumbers":%s,"signature":"%s"}' % (c["tcb_numbers"], c["tcb_numbers_signature"])
        return body.encode(), c["tcb_numbers_issuer_chain"]
    body = '{"enclaveIdentity":%s,"signature":"%s"}' % (c["qe_identity"], c["qe_identity_signature"])
    return body.encode(), c["qe_identity_issuer_chain"]


class Service(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *a):
        pass

    def send(self, status, body, headers):
        self.send_response(status)
        for name, value in headers:
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        try:
            self.wfile.write(body)
        except OSError:
            pass

    def do_GET(self):
        url = urllib.parse.urlsplit(self.path)
        name, faults, path = (url.path + "///").lstrip("/").split("/", 2)
        path = "/" + path.rstrip("/")
        query = urllib.parse.parse_qs(url.query)
        doc, right = document(path, query)
        with lock, open(os.path.join(folder, "log"), "a") as f:
            f.write("%s %s %s\n" % (name, faults, self.path))
        if doc is None or not right:
            return self.send(400, b"", [])
        early = query.get("update") == ["early"]
        if doc == "numbers" and not os.path.exists(os.path.join(folder, name, "numbers.json")):
            return self.send(404, b"", [])
        have = numbers(name) if doc == "numbers" else collateral("coming" if early and os.path.isdir(os.path.join(folder, "coming")) else name)
        body, chain = answer(doc, have)
        headers = [] if chain is None else [(HEADERS[doc], urllib.parse.quote(chain, safe=""))]
        kind = dict(f.split(":") for f in faults.split(",") if ":" in f)
        kind = kind.get(doc, kind.get("all", ""))
        self.fault(kind, doc, body, chain, headers)

    def fault(self, kind, doc, body, chain, headers):
        status = 200
        value = headers[0][1] if headers else ""
        if not headers and kind.endswith(("chain", "chains", "header", "encoded")):
            kind = ""  # the root CRL comes without a chain
        if kind in ("404", "500", "301"):
            status = int(kind)
            headers = headers + [("Location", "/own/none/")]
        elif kind == "slow":
            time.sleep(30)
        elif kind == "close":
            self.close_connection = True
            return self.connection.close()
        elif kind == "html":
            body, headers = b"<!DOCTYPE html><html><body>Please log in</body></html>", [("Content-Type", "text/html")]
        elif kind == "short":  # fewer bytes than announced
            self.send_response(200)
            for h in headers:
                self.send_header(*h)
            self.send_header("Content-Length", str(len(body) + 10))
            self.end_headers()
            self.wfile.write(body)
            self.close_connection = True
            return
        elif kind == "cut":
            body = body[: len(body) // 2]
        elif kind == "empty":
            body = b""
        elif kind == "huge":
            body = body + b" " * (16 << 20)
        elif kind == "large":
            body = body[:-1] + b"00" * (1 << 20)
        elif kind == "hex":
            body = body.hex().upper().encode() + b"\n"
        elif kind == "der":
            body = bytes.fromhex(body.decode())
        elif kind == "garbled":
            body = body[:100] + bytes([body[100] ^ 1]) + body[101:]
        elif kind == "last":
            body = body[:-1] + bytes([body[-1] ^ 1])
        elif kind == "behind":
            body = body + b"x"
        elif kind == "spaces":  # the same values, other bytes
            body = json.dumps(json.loads(body)).encode()
        elif kind == "twice":
            body = body[:-1] + b',"signature":"00"}'
        elif kind == "other-member":
            body = body.replace(b"tcbInfo", b"tcbinfo", 1).replace(b"enclaveIdentity", b"enclaveidentity", 1)
        elif kind == "list":
            body = b"[" + body + b"]"
        elif kind == "no-signature":
            body = json.dumps({k: v for k, v in json.loads(body).items() if k != "signature"}).encode()
        elif kind == "short-signature":
            body = body[:-4] + b'"}'
        elif kind == "bad-signature":
            body = body[:-4] + b'zz"}'
        elif kind == "no-chain":
            headers = []
        elif kind == "two-chains":
            headers = headers + [(HEADERS[doc], value)]
        elif kind == "empty-chain":
            headers = [(HEADERS[doc], "")]
        elif kind == "long-chain":
            headers = [(HEADERS[doc], value + "%0A" * 20000)]
        elif kind == "bad-chain":
            headers = [(HEADERS[doc], value[:-3] + "%zz")]
        elif kind == "cut-chain":
            headers = [(HEADERS[doc], value[:-2])]
        elif kind == "nul-chain":
            headers = [(HEADERS[doc], value + "%00")]
        elif kind == "other-chain":  # of the PCK CRL
            headers = [(HEADERS[doc], urllib.parse.quote(collateral("own")["pck_crl_issuer_chain" if doc != "pck" else "tcb_info_issuer_chain"], safe=""))]
        elif kind == "turned-chain":  # the root first
            parts = chain.split("-----BEGIN CERTIFICATE-----")
            headers = [(HEADERS[doc], urllib.parse.quote("".join("-----BEGIN CERTIFICATE-----" + p for p in reversed(parts[1:])), safe=""))]
        elif kind == "old-header":
            headers = [("SGX-TCB-Info-Issuer-Chain", value)]
        elif kind == "lower-header":
            headers = [(HEADERS[doc].lower(), value)]
        elif kind == "half-encoded":  # only what a header can't carry
            headers = [(HEADERS[doc], urllib.parse.quote(chain, safe="+/=- "))]
        self.send(status, body, headers)


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, *a):
        pass


servers = [Server(("127.0.0.1", 0), Service) for _ in range(2)]
for s in servers:
    threading.Thread(target=s.serve_forever, daemon=True).start()
with open(ports_file + ".new", "w") as f:
    f.write(" ".join(str(s.server_address[1]) for s in servers) + "\n")
os.rename(ports_file + ".new", ports_file)
try:
    threading.Event().wait()
except KeyboardInterrupt:
    pass
