"""The OpenAPI document of the service."""

from typing import Any

from zapcls import __version__
from zapcls.service.answers import TYPES
from zapcls.service.photos import MOST_BYTES, MOST_PHOTOS
from zapcls.service.similar import ASKED as SIMILAR
from zapcls.workspace import permissions

ASKED = ("by", "source", "group", "label", "called", "split")  # fields of a question in a URL


def build_document(prefix: str) -> dict[str, Any]:
    """Build the document: OpenAPI 3.1, a path for each route below a prefix."""
    return {
        "openapi": "3.1.0",
        "info": {"title": "zapcls", "version": __version__},
        "servers": [{"url": prefix or "/"}],
        "paths": {
            "/api/health": _get(
                "Whether the service answers", _object("status", "version", "mode")
            ),
            "/api/runs": _get("The evaluated runs, newest first", _list(_object("run"))),
            "/api/findings": _get("What can be found", _list(_object("name", "question"))),
            "/api/findings/{name}": _get(
                "A finding about a run: its tables and its sentences",
                _object("run", "name", "sentences", "tables"),
                [
                    _parameter("name", "path"),
                    *map(_parameter, ("run", "target", "by", "source", "split")),
                ],
            ),
            "/api/openapi.json": _get("This document", _object("openapi")),
            "/api/classify": {"post": _describe_classify()},
            "/api/similar": {"post": _describe_similar()},
        },
        "components": {"schemas": {"Error": _describe_error()}},
    }


def _describe_classify() -> dict[str, Any]:
    return _post(
        "What a run says about photos",
        f"{MOST_PHOTOS} photos and {_tell_most()} at most. A photo that is refused has an error in "
        "place of its answer; the others are still answered. `prior` is learned (the class mix as "
        "in training) or even (equal numbers).",
        [_parameter("run"), _parameter("target"), _parameter("prior")],
        _object("run", "answers"),
    )


def _describe_similar() -> dict[str, Any]:
    asked = [_parameter(name) | {"description": text} for name, text in SIMILAR.items()]
    return _post(
        "What in the catalogue is like a photo",
        f"One photo, {_tell_most()} at most. Most similar first, each product once.",
        [_parameter("run"), _parameter("target"), *asked],
        _object("run", "file", "photos"),
    )


def _tell_most() -> str:
    return f"{MOST_BYTES[permissions.read_mode()] / 1e6:.0f} MB"


def _post(
    summary: str, description: str, parameters: list[dict[str, Any]], schema: dict[str, Any]
) -> dict[str, Any]:
    photos = _list({"type": "string", "contentMediaType": "application/octet-stream"})
    form = {"type": "object", "properties": {"photos": photos}, "required": ["photos"]}
    return {
        "summary": summary,
        "description": description,
        "parameters": parameters,
        "requestBody": {"required": True, "content": {"multipart/form-data": {"schema": form}}},
        "responses": _responses(schema),
    }


def _get(
    summary: str, schema: dict[str, Any], parameters: list[dict[str, Any]] | None = None
) -> dict[str, Any]:
    told = {"summary": summary, "responses": _responses(schema)}
    return {"get": told | ({"parameters": parameters} if parameters else {})}


def _responses(schema: dict[str, Any]) -> dict[str, Any]:
    error = {"application/json": {"schema": {"$ref": "#/components/schemas/Error"}}}
    return {
        "200": {"description": "OK", "content": {"application/json": {"schema": schema}}},
        "default": {"description": "Why it was refused", "content": error},
    }


def _describe_error() -> dict[str, Any]:
    names = [name for name, _ in TYPES.values()]
    return {
        "type": "object",
        "properties": {
            "error": {
                "type": "object",
                "properties": {
                    "type": {"type": "string", "enum": names},
                    "message": {"type": "string"},
                },
                "required": ["type", "message"],
            }
        },
        "required": ["error"],
    }


def _parameter(name: str, place: str = "query") -> dict[str, Any]:
    return {"name": name, "in": place, "required": place == "path", "schema": {"type": "string"}}


def _object(*required: str) -> dict[str, Any]:
    return {"type": "object", "required": list(required)}


def _list(items: dict[str, Any]) -> dict[str, Any]:
    return {"type": "array", "items": items}
