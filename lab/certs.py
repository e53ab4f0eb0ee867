# SPDX-License-Identifier: BSD-2-Clause
"""Certificates of the lab: one authority, and leaf certificates that it signs. All keys are ECDSA P-256, made when needed."""

import hashlib
import os
import ssl
import subprocess



def openssl(*args, input=None):
    done = subprocess.run(["openssl", *args], input=input, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    if done.returncode:
        raise RuntimeError("openssl " + " ".join(args) + ": " + done.stderr.decode(errors="replace"))
    return done.stdout


class Authority:
    """Makes certificates below `folder`: FOLDER/ca.pem, FOLDER/NAME.pem, FOLDER/NAME.key."""

    def __init__(self, folder):
        self.folder = folder
        os.makedirs(folder, exist_ok=True)
        self.ca = folder + "/ca.pem"
        self._key(folder + "/ca.key")
        openssl("req", "-x509", "-new", "-key", folder + "/ca.key", "-subj", "/CN=Lab authority", "-days", "30",
                "-addext", "basicConstraints=critical,CA:TRUE", "-out", self.ca)

    def _key(self, path):
        openssl("genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256", "-out", path)
        os.chmod(path, 0o600)

    def leaf(self, name, hosts):
        """A certificate for `hosts`, signed by the authority and followed by it; (certificate, key) as files."""
        base = f"{self.folder}/{name}"
        self._key(base + ".key")
        hosts = sorted(set(hosts)) or [name]
        with open(base + ".ext", "w") as f:
            f.write("subjectAltName=" + ",".join("DNS:" + h for h in hosts) + "\nbasicConstraints=CA:FALSE\n")
        request = openssl("req", "-new", "-key", base + ".key", "-subj", "/CN=" + name)
        leaf = openssl("x509", "-req", "-CA", self.ca, "-CAkey", self.folder + "/ca.key", "-days", "30", "-set_serial",
                       str(int.from_bytes(os.urandom(8), "big")), "-extfile", base + ".ext", input=request)
        with open(base + ".pem", "wb") as out, open(self.ca, "rb") as ca:
            out.write(leaf + ca.read())
        return base + ".pem", base + ".key"


def tlsa_data(certificate, selector, matching):
    """The data of a TLSA record, in hex, for the first certificate of a PEM file."""
    with open(certificate) as f:
        pem = f.read()
    pem = pem[:pem.index("-----END CERTIFICATE-----")] + "-----END CERTIFICATE-----\n"
    data = ssl.PEM_cert_to_DER_cert(pem)
    if selector == 1:
        public = openssl("x509", "-pubkey", "-noout", input=pem.encode())
        data = openssl("pkey", "-pubin", "-outform", "DER", input=public)
    if matching:
        data = {1: hashlib.sha256, 2: hashlib.sha512}[matching](data).digest()
    return data.hex()
