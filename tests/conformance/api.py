"""A small client of a Kubernetes API server: JSON over one kept connection a thread."""

import base64
import http.client
import json
import os
import select
import ssl
import subprocess
import tempfile
import threading
from dataclasses import dataclass
from urllib.parse import urlsplit

REQUEST_LIMIT_S = 30
WATCH_SILENCE_LIMIT_S = 60


@dataclass(frozen=True)
class Kind:
    kind: str
    plural: str
    group_version: str
    namespaced: bool = True

    def path(self, namespace="", name="", subresource=""):
        root = "/api" if "/" not in self.group_version else "/apis"
        parts = [root, self.group_version]
        if self.namespaced and namespace:
            parts += ["namespaces", namespace]
        parts += [self.plural] + [part for part in (name, subresource) if part]
        return "/".join(parts)


KINDS = {kind.kind: kind for kind in (
    Kind("Rollout", "rollouts", "argoproj.io/v1alpha1"),
    Kind("AnalysisRun", "analysisruns", "argoproj.io/v1alpha1"),
    Kind("AnalysisTemplate", "analysistemplates", "argoproj.io/v1alpha1"),
    Kind("Experiment", "experiments", "argoproj.io/v1alpha1"),
    Kind("VirtualService", "virtualservices", "networking.istio.io/v1beta1"),
    Kind("DestinationRule", "destinationrules", "networking.istio.io/v1beta1"),
    Kind("ClusterAnalysisTemplate", "clusteranalysistemplates", "argoproj.io/v1alpha1",
         namespaced=False),
    Kind("Ingress", "ingresses", "networking.k8s.io/v1"),
    Kind("ReplicaSet", "replicasets", "apps/v1"),
    Kind("Deployment", "deployments", "apps/v1"),
    Kind("PodTemplate", "podtemplates", "v1"),
    Kind("Job", "jobs", "batch/v1"),
    Kind("Pod", "pods", "v1"),
    Kind("Service", "services", "v1"),
    Kind("ServiceAccount", "serviceaccounts", "v1"),
    Kind("Event", "events", "v1"),
    Kind("Namespace", "namespaces", "v1", namespaced=False),
    Kind("Node", "nodes", "v1", namespaced=False),
    Kind("ClusterRole", "clusterroles", "rbac.authorization.k8s.io/v1", namespaced=False),
    Kind("Role", "roles", "rbac.authorization.k8s.io/v1"),
    Kind("CustomResourceDefinition", "customresourcedefinitions", "apiextensions.k8s.io/v1",
         namespaced=False),
)}


class Refused(Exception):
    """An answer other than 2xx."""

    def __init__(self, status, method, path, body):
        super().__init__(f"{method} {path}: {status}: {body[:500]}")
        self.status = status


class Unreachable(Exception):
    """No answer, or half of one: the server is down or going down."""


def _is_lost(error):
    return isinstance(error, (OSError, http.client.HTTPException, ssl.SSLError))


class Client:
    """Requests by many threads. Nothing is sent twice: who asks decides."""

    def __init__(self, kubeconfig):
        self.kubeconfig = kubeconfig
        text = subprocess.run(
            ["kubectl", "--kubeconfig", kubeconfig, "config", "view", "--raw", "--minify", "-o",
             "json"], check=True, capture_output=True, text=True).stdout
        config = json.loads(text)
        cluster = config["clusters"][0]["cluster"]
        self.user = config["users"][0]["user"]
        self.cluster = cluster
        self._url = urlsplit(cluster["server"])
        self._trust = ssl.create_default_context(
            cadata=base64.b64decode(cluster["certificate-authority-data"]).decode())
        if "client-certificate-data" in self.user:
            self._load_client_certificate()
        self._threads = threading.local()

    def _load_client_certificate(self):
        # ssl reads certificates from files only.
        with tempfile.NamedTemporaryFile("wb", delete=False) as file:
            for key in ("client-certificate-data", "client-key-data"):
                file.write(base64.b64decode(self.user[key]) + b"\n")
        try:
            self._trust.load_cert_chain(file.name)
        finally:
            os.unlink(file.name)

    def _connect(self, limit):
        return http.client.HTTPSConnection(self._url.hostname, self._url.port, timeout=limit,
                                           context=self._trust)

    def _kept_connection(self):
        """The one of this thread's last request, unless the server has closed it meanwhile."""
        kept = getattr(self._threads, "connection", None)
        self._threads.connection = None
        if kept is None or kept.sock is None:
            return None
        has_something_to_say, _, _ = select.select([kept.sock], [], [], 0)
        if has_something_to_say:
            kept.close()
            return None
        return kept

    def _headers(self, content_type=None):
        headers = {"Accept": "application/json"}
        if "client-certificate-data" not in self.user and "token" in self.user:
            headers["Authorization"] = "Bearer " + self.user["token"]
        if content_type:
            headers["Content-Type"] = content_type
        return headers

    def request(self, method, path, body=None, content_type="application/json"):
        """The answer's object. Raises Refused or Unreachable."""
        data = None if body is None else json.dumps(body)
        connection = self._kept_connection() or self._connect(REQUEST_LIMIT_S)
        try:
            connection.request(method, path, data, self._headers(data and content_type))
            answer = connection.getresponse()
            text = answer.read().decode()
        except Exception as error:
            connection.close()
            if not _is_lost(error):
                raise
            raise Unreachable(f"{method} {path}: {error!r}") from error
        self._threads.connection = connection
        if answer.status >= 300:
            raise Refused(answer.status, method, path, text)
        return json.loads(text)

    def watch(self, kind, version):
        """Yields the events of all namespaces since that version, until the stream ends."""
        connection = self._connect(WATCH_SILENCE_LIMIT_S)
        try:
            connection.request(
                "GET", f"{kind.path()}?watch=true&resourceVersion={version}"
                "&allowWatchBookmarks=true", headers=self._headers())
            answer = connection.getresponse()
            if answer.status != 200:
                raise Refused(answer.status, "WATCH", kind.path(), answer.read().decode())
            while line := answer.readline():
                yield json.loads(line)
        except Exception as error:
            if not _is_lost(error) and not isinstance(error, ValueError):
                raise
            raise Unreachable(f"WATCH {kind.path()}: {error!r}") from error
        finally:
            connection.close()
