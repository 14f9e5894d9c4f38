"""A real control plane on loopback: etcd, kube-apiserver and kube-controller-manager."""

import http.client
import select
import signal
import socket
import ssl
import tempfile
import time
from pathlib import Path

import credentials
import processes

# No node controllers: there are no kubelets. `slipway nodes` plays them where pods shall run.
CONTROLLERS = ("replicaset-controller,deployment-controller,job-controller,"
               "garbage-collector-controller,endpoints-controller,endpointslice-controller,"
               "namespace-controller,disruption-controller")
START_LIMIT_S = 120
ETCD_TRIES = 5
POLL_S = 0.1


class Failed(Exception):
    """What went wrong, for people."""


class _Port:
    """A free port of loopback that stays ours until we end.

    The socket is bound and never listens. kube-apiserver shares it (--permit-port-sharing), so
    nobody else gets the port while it is down.
    """

    def __init__(self):
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        self._socket.bind(("127.0.0.1", 0))
        self.number = self._socket.getsockname()[1]


def _free_ports(count):
    sockets = [socket.socket() for _ in range(count)]
    for each in sockets:
        each.bind(("127.0.0.1", 0))
    numbers = [each.getsockname()[1] for each in sockets]
    for each in sockets:
        each.close()
    return numbers


class ControlPlane:
    """Owns the folder with all state, and the processes. Nothing is shared with another one."""

    def __init__(self, binaries, folder, audit_policy=None, audit_log=None):
        self.binaries = Path(binaries)
        self.folder = Path(folder)
        self.audit = (audit_policy, audit_log)
        self.port = _Port()
        self.url = f"https://127.0.0.1:{self.port.number}"
        self.kubeconfig = self.folder / "kubeconfig"
        self.etcd = self.api_server = self.controller_manager = None
        self.etcd_url = None

    def start(self):
        """Returns once the server is ready."""
        credentials.make_certificates(self.folder)
        credentials.write_kubeconfig(self.folder, self.kubeconfig, "admin", self.url)
        credentials.write_kubeconfig(self.folder, self.folder / "controller-manager.kubeconfig",
                                     "controller-manager", self.url)
        self._start_etcd()
        self.start_api_server()
        self.wait_until_ready()
        self.controller_manager = self._run("kube-controller-manager", [
            self.binaries / "kube-controller-manager",
            f"--kubeconfig={self.folder}/controller-manager.kubeconfig",
            "--leader-elect=false", "--secure-port=0", "--kube-api-qps=300",
            "--kube-api-burst=500", f"--controllers={CONTROLLERS}"])

    def stop(self):
        self.continue_etcd()
        processes.end(self.controller_manager, 2)
        # It waits for watches to end, which nobody here needs.
        processes.end(self.api_server, 2)
        processes.end(self.etcd, 5)

    def check(self):
        """Raises where a process has ended that nobody ended."""
        for name, process in (("etcd", self.etcd), ("kube-apiserver", self.api_server),
                              ("kube-controller-manager", self.controller_manager)):
            if process is not None and process.poll() is not None:
                raise Failed(f"{name} ended by itself:\n{self._tail(name)}")

    # Faults.

    def kill_api_server(self):
        self.api_server.kill()
        self.api_server.wait()
        self.api_server = None

    def start_api_server(self):
        policy, log = self.audit
        audit = [f"--audit-policy-file={policy}", f"--audit-log-path={log}"] if log else []
        self.api_server = self._run("kube-apiserver", [
            self.binaries / "kube-apiserver", f"--etcd-servers={self.etcd_url}",
            "--bind-address=127.0.0.1", "--advertise-address=127.0.0.1",
            f"--secure-port={self.port.number}", "--permit-port-sharing",
            f"--tls-cert-file={self.folder}/server.crt",
            f"--tls-private-key-file={self.folder}/server.key",
            f"--client-ca-file={self.folder}/ca.crt", f"--cert-dir={self.folder}",
            "--service-account-issuer=https://kubernetes.default.svc",
            f"--service-account-key-file={self.folder}/service-account.pub",
            f"--service-account-signing-key-file={self.folder}/service-account.key",
            "--authorization-mode=RBAC", "--disable-admission-plugins=ServiceAccount",
            "--enable-admission-plugins=OwnerReferencesPermissionEnforcement",
            "--service-cluster-ip-range=10.0.0.0/16", "--endpoint-reconciler-type=none", *audit])

    def stop_etcd(self):
        self.etcd.send_signal(signal.SIGSTOP)

    def continue_etcd(self):
        if self.etcd is not None and self.etcd.poll() is None:
            self.etcd.send_signal(signal.SIGCONT)

    def wait_until_ready(self):
        deadline = time.monotonic() + START_LIMIT_S
        while not self._answers_ready():
            self.check()
            if time.monotonic() > deadline:
                raise Failed("kube-apiserver is not ready after "
                             f"{START_LIMIT_S} s:\n{self._tail('kube-apiserver')}")
            select.select([], [], [], POLL_S)

    # How.

    def _run(self, name, command):
        # Appended to: a restarted server goes on with the log of the one before.
        with open(self.folder / f"{name}.log", "ab") as log:
            return processes.start([str(word) for word in command], log=log, cwd=self.folder)

    def _start_etcd(self):
        """etcd 3.4 can't share a reserved port, so somebody may be quicker: then another is tried."""
        for _ in range(ETCD_TRIES):
            client, peer = _free_ports(2)
            self.etcd_url = f"http://127.0.0.1:{client}"
            peer_url = f"http://127.0.0.1:{peer}"
            data = tempfile.mkdtemp(prefix="etcd-", dir=self.folder)
            self.etcd = self._run("etcd", [
                "etcd", f"--data-dir={data}", f"--listen-client-urls={self.etcd_url}",
                f"--advertise-client-urls={self.etcd_url}", f"--listen-peer-urls={peer_url}",
                f"--initial-advertise-peer-urls={peer_url}",
                f"--initial-cluster=default={peer_url}", "--unsafe-no-fsync",
                "--logger=zap", "--log-level=warn"])
            if self._etcd_is_healthy(client):
                return
        raise Failed(f"etcd doesn't start:\n{self._tail('etcd')}")

    def _etcd_is_healthy(self, port):
        while self.etcd.poll() is None:
            try:
                connection = http.client.HTTPConnection("127.0.0.1", port, timeout=2)
                connection.request("GET", "/health")
                if connection.getresponse().status == 200:
                    return True
            except (OSError, http.client.HTTPException):
                pass
            select.select([], [], [], POLL_S)
        return False

    def _answers_ready(self):
        trust = ssl.create_default_context(cafile=self.folder / "ca.crt")
        try:
            connection = http.client.HTTPSConnection("127.0.0.1", self.port.number, timeout=5,
                                                     context=trust)
            connection.request("GET", "/readyz")
            return connection.getresponse().status == 200
        except (OSError, http.client.HTTPException):
            return False

    def _tail(self, name):
        log = self.folder / f"{name}.log"
        if not log.exists():
            return ""
        return "\n".join(log.read_text(errors="replace").splitlines()[-15:])
