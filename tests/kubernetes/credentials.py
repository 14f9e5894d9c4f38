"""Certificates and kubeconfigs of a control plane on loopback, made by openssl.

Everything is made afresh for each control plane and lives only in its folder.
"""

import base64
import json
import subprocess

DAYS = "2"


def _openssl(folder, *arguments):
    done = subprocess.run(["openssl", *arguments], cwd=folder, capture_output=True, text=True)
    if done.returncode != 0:
        raise RuntimeError(f"openssl {arguments[0]} failed: {done.stderr.strip()}")


def _new_key(folder, name):
    _openssl(folder, "ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out", f"{name}.key")
    (folder / f"{name}.key").chmod(0o600)


def _certify(folder, name, subject, extensions):
    """A certificate for this subject, signed by the folder's authority."""
    _new_key(folder, name)
    (folder / f"{name}.ext").write_text(extensions + "\n")
    _openssl(folder, "req", "-new", "-key", f"{name}.key", "-subj", subject, "-out", f"{name}.csr")
    _openssl(folder, "x509", "-req", "-in", f"{name}.csr", "-CA", "ca.crt", "-CAkey", "ca.key",
             "-CAcreateserial", "-days", DAYS, "-extfile", f"{name}.ext", "-out", f"{name}.crt")


def make_certificates(folder):
    """Writes ca, server, admin and controller-manager (.crt, .key) and service-account (.key, .pub).

    Both clients are administrators: RBAC decides about service accounts and whoever is added.
    """
    _new_key(folder, "ca")
    _openssl(folder, "req", "-x509", "-new", "-key", "ca.key", "-subj", "/CN=loopback", "-days", DAYS,
             "-out", "ca.crt")
    _certify(folder, "server", "/CN=kube-apiserver",
             "subjectAltName=IP:127.0.0.1,DNS:localhost,DNS:kubernetes.default.svc\n"
             "extendedKeyUsage=serverAuth")
    for name in ("admin", "controller-manager"):
        _certify(folder, name, f"/O=system:masters/CN={name}", "extendedKeyUsage=clientAuth")
    _new_key(folder, "service-account")
    _openssl(folder, "ec", "-in", "service-account.key", "-pubout", "-out", "service-account.pub")


def write_kubeconfig(folder, file, user, url):
    """Writes a kubeconfig that stands alone: all that it refers to is inside it."""
    def inline(name):
        return base64.b64encode((folder / name).read_bytes()).decode()

    config = {
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": user,
        "clusters": [{"name": "loopback", "cluster": {
            "server": url, "certificate-authority-data": inline("ca.crt")}}],
        "users": [{"name": user, "user": {"client-certificate-data": inline(f"{user}.crt"),
                                          "client-key-data": inline(f"{user}.key")}}],
        "contexts": [{"name": user, "context": {"cluster": "loopback", "user": user}}],
    }
    file.touch(mode=0o600)
    file.write_text(json.dumps(config, indent=1) + "\n")
