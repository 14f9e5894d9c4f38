"""Makes equal what differs from run to run, and nothing else: times, UIDs, versions, addresses.

A UID or a version that an earlier answer has shown is named for that answer, so it still shows
whether a write made a new version, and whether an owner reference names its owner.
"""

import re

# Who owns which field is a matter of server-side apply, which the embedded server refuses.
LEFT_OUT = {"managedFields", "selfLink"}
NAME_START_MAX = 58
_UID = re.compile(r"\b[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\b")
_RULES = [(re.compile(pattern, re.DOTALL), becomes) for pattern, becomes in (
    (r"\b10(\.\d+){3}\b", "<ip>"),
    (r"127\.0\.0\.1:\d+", "<server>"),
    (r"(\(|version: |current: |record: )\d+(?=\)|,|$)", r"\1<n>"),
    (r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z", "<time of six decimals>"),
    (r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", "<time>"),
    (r"(?<=[:/])3[0-2]\d{3}(?=/|\b)", "<node port>"),
)]
# A whole object in a message: which of its keys comes first is chance.
_OBJECT = re.compile(r'Invalid value: "\{(?:[^"\\]|\\.)*"')
_AGE = re.compile(r"(\d+[smhd])+")


class Normalizer:
    """For the answers of one file, in their order."""

    def __init__(self):
        self._uids = {}
        self._versions = {}
        self._random_names = []

    def learn(self, step_name, body):
        """What this answer is the first to show, later answers name for it."""
        for item in body if isinstance(body, list) else [body]:
            metadata = item.get("metadata") if isinstance(item, dict) else None
            if isinstance(metadata, dict) and "uid" in metadata:
                uid = metadata["uid"]
                self._uids.setdefault(uid, step_name)
                self._versions.setdefault((uid, metadata.get("resourceVersion")), step_name)

    def normal(self, value, key=""):
        if isinstance(value, dict):
            self.expect_names(value.get("generateName"))
            if value.get("kind") == "Status":
                value = _with_sorted_causes(value)
            elif value.get("kind") == "APIResourceList":  # Definitions come in no order.
                value = {**value, "resources": sorted(value["resources"], key=lambda r: r["name"])}
            result = {name: self.normal(member, name) for name, member in value.items()
                      if name not in LEFT_OUT}
            if "resourceVersion" in result:
                result["resourceVersion"] = self._version(value)
            return result
        if isinstance(value, list):
            return [self.normal(item, key) for item in value]
        if isinstance(value, str):
            return self._text(value, key)
        return "<node port>" if key == "nodePort" and value >= 30000 else value

    def expect_names(self, start):
        """Five letters of chance follow this `generateName`."""
        if isinstance(start, str) and start:
            start = start[:NAME_START_MAX]
            pattern = re.compile(re.escape(start) + r"[a-z0-9]{5}(?![a-z0-9])")
            self._random_names.append((pattern, f"{start}<five letters>"))

    def _version(self, metadata):
        version = metadata["resourceVersion"]
        if not isinstance(version, str) or not version.isdigit():
            return version
        known = self._versions.get((metadata.get("uid"), version))
        return f"<version of {known}>" if known else "<version>"

    def _uid(self, found):
        known = self._uids.get(found.group())
        return f"<uid of {known}>" if known else "<uid>"

    def _text(self, text, key):
        if key == "continue" and text:
            return "<continue>"
        text = _OBJECT.sub("Invalid value: <object>", text)
        text = _UID.sub(self._uid, text)
        for pattern, becomes in self._random_names + _RULES:
            text = pattern.sub(becomes, text)
        return "<age>" if key.endswith("cells") and _AGE.fullmatch(text) else text


def _with_sorted_causes(status):
    """The server goes through maps in no order, so the causes of a refusal come in any."""
    causes = (status.get("details") or {}).get("causes") or []
    texts = [f"{cause.get('field')}: {cause.get('message')}" for cause in causes]
    start, bracket, rest = status.get("message", "").partition("[")
    unsaid = rest.removesuffix("]")
    for text in sorted(texts, key=len, reverse=True):
        unsaid = unsaid.replace(text, "", 1)
    if len(causes) < 2 or unsaid.strip(", "):
        return status
    causes = sorted(causes, key=lambda cause: (cause.get("field", ""), cause.get("message", "")))
    message = f"{start}{bracket}{', '.join(sorted(texts))}]"
    return {**status, "message": message, "details": {**status["details"], "causes": causes}}
