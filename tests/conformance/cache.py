"""What a cluster holds, followed by watches, so that flows can wait for a condition."""

import threading
import time

from api import KINDS, Refused, Unreachable

FOLLOWED = ("Rollout", "ReplicaSet", "Pod", "Service", "Event", "Job", "Node")
RETRY_S = 0.2


class Cache:
    """All objects of the followed kinds. `wait` sleeps until a change makes its condition true.

    A lost watch lists anew, so the cache goes on after the server was down.
    """

    def __init__(self, client):
        self._client = client
        self._objects = {kind: {} for kind in FOLLOWED}
        self._lock = threading.Lock()
        self._conditions = {}  # By namespace: a change wakes only those whom it may concern.
        self._listeners = {}
        self._ended = threading.Event()
        self._listed = {kind: threading.Event() for kind in FOLLOWED}
        for kind in FOLLOWED:
            threading.Thread(target=self._follow, args=(KINDS[kind],), daemon=True).start()
        for kind, listed in self._listed.items():
            if not listed.wait(60):
                raise TimeoutError(f"no list of {kind}s within a minute")

    def end(self):
        self._ended.set()

    def get(self, kind, namespace, name):
        return self._objects[kind].get((namespace, name))

    def list(self, kind, namespace):
        with self._lock:
            return [each for (space, _), each in self._objects[kind].items() if space == namespace]

    def listen(self, namespace, listener):
        """Calls `listener(kind, before, after)` on each change in that namespace."""
        self._listeners.setdefault(namespace, []).append(listener)

    def wait(self, namespace, holds, limit_s):
        """Whether the condition came to hold within the limit."""
        condition = self._condition(namespace)
        deadline = time.monotonic() + limit_s
        with condition:
            while not (value := holds()):
                left = deadline - time.monotonic()
                if left <= 0:
                    return value
                condition.wait(left)
            return value

    def _condition(self, namespace):
        with self._lock:
            return self._conditions.setdefault(namespace, threading.Condition())

    def _follow(self, kind):
        while not self._ended.is_set():
            try:
                version = self._list(kind)
                for event in self._client.watch(kind, version):
                    if event["type"] == "ERROR":
                        break
                    if event["type"] != "BOOKMARK":
                        gone = event["type"] == "DELETED"
                        self._put(kind.kind, event["object"], gone)
            except (Unreachable, Refused):
                self._ended.wait(RETRY_S)

    def _list(self, kind):
        answer = self._client.request("GET", kind.path())
        present = {}
        for each in answer["items"]:
            each["kind"] = kind.kind
            self._put(kind.kind, each, False)
            present[_key(each)] = True
        for key, each in list(self._objects[kind.kind].items()):
            if key not in present:
                self._put(kind.kind, each, True)
        self._listed[kind.kind].set()
        return answer["metadata"]["resourceVersion"]

    def _put(self, kind, thing, gone):
        key = _key(thing)
        # A listener that waits would never be woken: changes are put one at a time.
        condition = self._condition(key[0])
        with condition:
            with self._lock:
                before = self._objects[kind].get(key)
                if gone:
                    self._objects[kind].pop(key, None)
                else:
                    self._objects[kind][key] = thing
            for listener in self._listeners.get(key[0], []):
                listener(kind, before, None if gone else thing)
            condition.notify_all()


def _key(thing):
    return thing["metadata"].get("namespace", ""), thing["metadata"]["name"]
