"""A chat endpoint and an Amazon Translate that "translate" by reversing each word."""

from __future__ import annotations

import base64
import json
import re

from support.answering_server import Answer, ServerRequest

SENT, RECEIVED = 100, 40


def backwards(text: str) -> str:
    """Reverse each word."""
    return re.sub(r"\w+", lambda word: word.group()[::-1], text)


def chat(asked: ServerRequest) -> Answer:
    """Return the answer of a model that follows the prompt."""
    content = json.loads(asked.document["messages"][1]["content"])
    lines = [
        {
            "id": line["id"],
            "text": _with_terms(line["text"], content["terms"]),
            "shorter": [backwards(line["text"])[: len(line["text"]) // part] for part in (2, 3)],
        }
        for line in content["lines"]
    ]
    return saying(json.dumps({"lines": lines}))


def saying(content: str) -> Answer:
    """Return a completion with this content."""
    return Answer.of(
        {
            "choices": [{"message": {"role": "assistant", "content": content}}],
            "usage": {"prompt_tokens": SENT, "completion_tokens": RECEIVED},
        }
    )


def _with_terms(text: str, terms: dict[str, str]) -> str:
    alternatives = "|".join(map(re.escape, terms)) or "(?!)"
    return re.sub(rf"{alternatives}|\w+", lambda match: terms.get(match.group(), match.group()[::-1]), text)


class AmazonTranslate:
    """The three operations of the service that the engine uses."""

    def __init__(self) -> None:
        self.terminologies: dict[str, dict[str, str]] = {}
        self.joins_lines = True

    def __call__(self, asked: ServerRequest) -> Answer:
        name = asked.headers["x-amz-target"].split(".")[-1]
        return {"TranslateText": self._translate, "ImportTerminology": self._import, "DeleteTerminology": self._delete}[
            name
        ](asked.document)

    def _translate(self, document) -> Answer:
        terms = {}
        for name in document["TerminologyNames"]:
            if name not in self.terminologies:
                return refusing("ResourceNotFoundException", 400)
            terms |= self.terminologies[name]
        text = _with_terms(document["Text"], terms)
        return Answer.of(
            {
                "TranslatedText": text if self.joins_lines else text.replace("\n", " "),
                "SourceLanguageCode": document["SourceLanguageCode"],
                "TargetLanguageCode": document["TargetLanguageCode"],
            }
        )

    def _import(self, document) -> Answer:
        data = document["TerminologyData"]
        assert (document["MergeStrategy"], data["Format"], data["Directionality"]) == ("OVERWRITE", "CSV", "UNI")
        rows = [row.split(",") for row in base64.b64decode(data["File"]).decode().splitlines()]
        assert rows[0] == ["en", "pt"]
        self.terminologies[document["Name"]] = dict(rows[1:])
        return Answer.of({"TerminologyProperties": {"Name": document["Name"]}})

    def _delete(self, document) -> Answer:
        del self.terminologies[document["Name"]]
        return Answer.of({})


def refusing(code: str, status: int) -> Answer:
    """Return an error answer of the service."""
    return Answer.of({"__type": code, "message": "no"}, status=status)
