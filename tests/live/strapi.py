"""A real Strapi 5 with SQLite on 127.0.0.1, three content types in it, and what editors do, by its admin API."""

from __future__ import annotations

import json
import secrets
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any, Self

from tests.live.programs import Program, Site, free_port, installed, need, run

if TYPE_CHECKING:
    from pathlib import Path

VERSION = "5.23.0"
# better-sqlite3 13 needs a newer Node.js; the rest is what Strapi's admin panel asks for, which is not served.
PACKAGES = (
    f"@strapi/strapi@{VERSION}",
    "better-sqlite3@12",
    "react@18",
    "react-dom@18",
    "react-router-dom@6",
    "styled-components@6",
)
START_SECONDS = 180
ADMIN = {"firstname": "Ada", "email": "ada@site.test", "password": "Only-used-in-this-test-1"}
MAIN = "require('@strapi/strapi').createStrapi({appDir: __dirname, distDir: __dirname}).start();"
TERM = {"name": {"type": "string"}, "slug": {"type": "uid", "targetField": "name"}}
ARTICLE = {
    "title": {"type": "string"},
    "slug": {"type": "uid", "targetField": "title"},
    "summary": {"type": "text"},
    "content": {"type": "blocks"},
    "category": {"type": "relation", "relation": "manyToOne", "target": "api::category.category"},
    "authors": {"type": "relation", "relation": "manyToMany", "target": "api::author.author"},
}


class Strapi:
    """One project, with an administrator and no content, while its context lasts."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._stack = ExitStack()
        self.site = Site(free_port())

    def __enter__(self) -> Self:
        # In production Strapi refuses webhooks to its own machine.
        node = need("node", "install Node.js 20 with npm")
        self._write(installed(f"strapi-{VERSION}", _install))
        strapi = Program(
            [node, "main.js"], cwd=self._folder, NODE_ENV="development", STRAPI_TELEMETRY_DISABLED="1"
        )
        self._stack.enter_context(strapi)
        try:
            strapi.wait_for(lambda: self.site.answers("/admin/init"), seconds=START_SECONDS)
            token = self.site.call("POST", "/admin/register-admin", ADMIN)["data"]["token"]
        except BaseException:
            self._stack.close()
            raise
        self.site.headers["Authorization"] = f"Bearer {token}"
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def connect(self, target: str, authorization: str, *events: str) -> None:
        """Add a webhook, as Settings → Webhooks does."""
        headers = {"Authorization": authorization}
        self.site.call(
            "POST",
            "/admin/webhooks",
            {"name": "Feedhub", "url": target, "headers": headers, "events": events},
        )

    # ---- what an editor does ---------------------------------------------------------------------------------------

    def create(self, model: str, **fields: Any) -> str:
        """Save something new, an article as a draft; answers its documentId."""
        made = self.site.call("POST", _path(model), fields)
        return str(made["data"]["documentId"])

    def save(self, model: str, document: str, **fields: Any) -> None:
        self.site.call("PUT", _path(model, document), fields)

    def act(self, action: str, model: str, document: str, **fields: Any) -> None:
        """`publish` or `unpublish`; what is published is saved first."""
        self.site.call("POST", f"{_path(model, document)}/actions/{action}", fields)

    def act_on_many(self, action: str, model: str, *documents: str) -> None:
        """`bulkPublish`, `bulkUnpublish` or `bulkDelete`, as the list of documents offers."""
        self.site.call("POST", f"{_path(model)}/actions/{action}", {"documentIds": documents})

    def delete(self, model: str, document: str) -> None:
        self.site.call("DELETE", _path(model, document))

    # ---- the project -----------------------------------------------------------------------------------------------

    def _write(self, packages: Path) -> None:
        (self._folder / "node_modules").symlink_to(packages / "node_modules")
        (self._folder / "main.js").write_text(MAIN)
        self._put("package.json", {"name": "live", "strapi": {"uuid": "live"}})
        for name, config in self._config().items():
            path = self._folder / f"config/{name}.js"
            path.parent.mkdir(exist_ok=True)
            path.write_text(f"module.exports = {json.dumps(config)};")
        for model, fields in (("article", ARTICLE), ("author", TERM), ("category", TERM)):
            self._model(model, fields)
        (self._folder / "public/uploads").mkdir(parents=True)

    def _config(self) -> dict[str, Any]:
        """Nothing that leaves this machine, and no admin panel, which takes minutes to build."""
        database = {"filename": str(self._folder / "strapi.db")}
        return {
            "server": {
                "host": "127.0.0.1",
                "port": int(self.site.url.rpartition(":")[2]),
                "app": {"keys": [secrets.token_hex()]},
            },
            "admin": {
                "serveAdminPanel": False,
                "auth": {"secret": secrets.token_hex()},
                "apiToken": {"salt": secrets.token_hex()},
                "transfer": {"token": {"salt": secrets.token_hex()}},
            },
            "database": {
                "connection": {"client": "sqlite", "connection": database, "useNullAsDefault": True}
            },
            "middlewares": [
                f"strapi::{name}"
                for name in (
                    "logger",
                    "errors",
                    "security",
                    "cors",
                    "query",
                    "body",
                    "session",
                    "favicon",
                    "public",
                )
            ],
        }

    def _model(self, name: str, attributes: dict[str, Any]) -> None:
        plural = "categories" if name == "category" else f"{name}s"
        names = {"singularName": name, "pluralName": plural, "displayName": name.title()}
        schema = {"kind": "collectionType", "collectionName": plural, "info": names, "attributes": attributes}
        self._put(
            f"src/api/{name}/content-types/{name}/schema.json",
            schema | {"options": {"draftAndPublish": name == "article"}},
        )

    def _put(self, path: str, content: Any) -> None:
        target = self._folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(json.dumps(content))


def _path(model: str, document: str = "") -> str:
    path = f"/content-manager/collection-types/api::{model}.{model}"
    return f"{path}/{document}" if document else path


def _install(folder: Path) -> None:
    npm = need("npm", "install Node.js 20 with npm")
    (folder / "package.json").write_text("{}")
    run([npm, "install", "--no-audit", "--no-fund", *PACKAGES], folder)
