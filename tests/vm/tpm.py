"""A look at a software TPM from outside the guest that used it: PCRs, and an unseal by the book, in commands of our own making
(TPM 2.0 Library, Part 3; standard library only). None of the program's code or libraries.

swtpm's control channel (swtpm(8), --ctrl; include/swtpm/tpm_ioctl.h) takes a new data connection once the old one is closed: the
TPM goes on where it was, with the PCRs that the guest left.
"""
import array
import contextlib
import os
import socket
import struct

CMD_SET_DATAFD = 0x10

TPM_RH_OWNER = 0x40000001
TPM_RH_NULL = 0x40000007
TPM_RS_PW = 0x40000009
ALG_AES, ALG_SHA256, ALG_NULL, ALG_ECC, ALG_CFB = 0x06, 0x0b, 0x10, 0x23, 0x43


def sized(data):
    return struct.pack('>H', len(data)) + data


# TPMT_PUBLIC of the storage key: what tpm2_createprimary makes with -G ecc256:null:aes128cfb and x, y of 32 zero bytes.
# fixedTPM | fixedParent | sensitiveDataOrigin | userWithAuth | noDA | restricted | decrypt
SRK = (struct.pack('>HHIH', ALG_ECC, ALG_SHA256, 0x30472, 0) + struct.pack('>HHH', ALG_AES, 128, ALG_CFB)
       + struct.pack('>HHH', ALG_NULL, 3, ALG_NULL) + sized(bytes(32)) + sized(bytes(32)))


class Refused(Exception):
    """The TPM's response code."""


class Tpm:
    def __init__(self, data):
        self.data = data

    def call(self, tag, code, body):
        self.data.sendall(struct.pack('>HII', tag, 10 + len(body), code) + body)
        answer = b''
        while len(answer) < 10 or len(answer) < struct.unpack_from('>I', answer, 2)[0]:
            piece = self.data.recv(4096)
            if not piece:
                raise Refused('the TPM is gone')
            answer += piece
        rc = struct.unpack_from('>I', answer, 6)[0]
        if rc:
            raise Refused(f'0x{rc:x}')
        return answer[10:]

    def plain(self, code, body):
        return self.call(0x8001, code, body)

    def authorized(self, code, handle, session, body):
        """One handle, one session with an empty authorization value."""
        auth = struct.pack('>IHBH', session, 0, 1, 0)
        return self.call(0x8002, code, struct.pack('>I', handle) + struct.pack('>I', len(auth)) + auth + body)

    def pcr_read(self, index):
        select = struct.pack('>IHB', 1, ALG_SHA256, 3) + (1 << index).to_bytes(3, 'little')
        answer = self.plain(0x17e, select)
        return answer[-32:]

    def unseal(self, blob):
        """The secret in hex, or why not. The blob: agent/tpm_blob.h, without authorize and counter."""
        mask, gate, public, private = split(blob)
        try:
            # As at power on: what the guest left of sessions and objects does not stand in our way.
            for first, prefix in ((0x80000000, 3), (0x02000000, 3), (0x03000000, 3)):
                for handle in range(first, first + prefix):
                    with contextlib.suppress(Refused):
                        self.plain(0x165, struct.pack('>I', handle))
            made = self.authorized(0x131, TPM_RH_OWNER, TPM_RS_PW, sized(sized(b'') + sized(b'')) + sized(SRK) + sized(b'')
                                   + struct.pack('>I', 0))
            parent = struct.unpack_from('>I', made)[0]
            loaded = self.authorized(0x157, parent, TPM_RS_PW, private + public)
            item = struct.unpack_from('>I', loaded)[0]
            session = struct.unpack_from('>I', self.plain(0x176, struct.pack('>II', TPM_RH_NULL, TPM_RH_NULL)
                                                          + sized(os.urandom(16)) + sized(b'')
                                                          + struct.pack('>BHH', 1, ALG_NULL, ALG_SHA256)))[0]
            select = struct.pack('>IHB', 1, ALG_SHA256, 3) + (mask | 1 << gate).to_bytes(3, 'little')
            self.plain(0x17f, struct.pack('>I', session) + sized(b'') + select)
            answer = self.authorized(0x15e, item, session, b'')
        except Refused as refused:
            return str(refused)
        size = struct.unpack_from('>H', answer, 4)[0]
        return answer[6:6 + size].hex()


def split(blob):
    if blob[:8] != b'bgseal\x00\x01' or blob[15] != 0:
        raise ValueError('no sealed seed that this reads')
    mask, gate = int.from_bytes(blob[10:14], 'big'), blob[14]
    at = 50 + 32 * bin(mask).count('1')
    middle = at + 2 + int.from_bytes(blob[at:at + 2], 'big')
    return mask, gate, blob[at:middle], blob[middle:]


@contextlib.contextmanager
def attach(path):
    """The TPM behind a control socket that nobody is connected to any more."""
    control = socket.socket(socket.AF_UNIX)
    control.settimeout(20)
    control.connect(path)
    ours, theirs = socket.socketpair()
    ours.settimeout(20)
    control.sendmsg([struct.pack('>I', CMD_SET_DATAFD)],
                    [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array('i', [theirs.fileno()]))])
    answer = control.recv(4)
    theirs.close()
    if answer != bytes(4):
        raise OSError(f'swtpm refuses a data connection: {answer.hex()}')
    with ours, control:
        yield Tpm(ours)
