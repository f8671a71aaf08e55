"""WordPress's REST API as 6.1 speaks it, on a site whose own time is far from UTC; made of a recorded post."""

from __future__ import annotations

import json
from base64 import b64encode
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

from tests.cms import FOLDER
from tests.fakecms import Asked, FakeCms, Reply, page_of

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
LOCAL = timezone(timedelta(hours=-9))
_POST = json.loads((FOLDER / "wordpress" / "rest-post-embed.json").read_text())
_EMBED = "author,wp:term,wp:featuredmedia"


class FakeWordPress(FakeCms):
    """Posts, categories, tags and users by number. `auth`: closed to whoever does not send this."""

    def __init__(self) -> None:
        super().__init__()
        self.posts: dict[int, dict[str, Any]] = {}
        self.categories = {2: _term(2, "World", "world"), 3: _term(3, "Science &amp; Tech", "science-tech")}
        self.tags = {9: _term(9, "Energy", "energy")}
        self.users = {2: dict(_POST["_embedded"]["author"][0])}
        self.auth = ""
        self.hides_users = False

    def post(self, number: int, *, minute: int | None = None, status: str = "publish", **said: Any) -> str:
        """Publish one, later than those of lower numbers; answers its guid. Every other guid is a permalink."""
        slug, at = f"story-{number}", NOON + timedelta(minutes=number if minute is None else minute)
        link = f"http://wp.test:8081/2026/11/{slug}/"
        guid = link if number % 2 else f"http://wp.test:8081/?p={number}"
        self.posts[number] = {
            "slug": slug,
            "link": link,
            "guid": guid,
            "modified": at,
            "date": at,
            "status": status,
            "title": f"Story {number} &#038; more",
            "content": f"<p>Text of {number}.</p>",
            "password": "",
            "categories": [2],
            "tags": [],
            "author": 2,
            **said,
        }
        return guid

    def touch(self, number: int, *, minute: int, **said: Any) -> None:
        self.posts[number] |= {"modified": NOON + timedelta(minutes=minute), **said}

    # ---- the API -------------------------------------------------------------------------------------------------

    def respond(self, asked: Asked) -> Reply:
        wanted = "Basic " + b64encode(self.auth.encode()).decode()
        if self.auth and asked.headers.get("authorization") != wanted:
            return _error(401, "rest_cannot_access")
        root, _, resource = asked.path.rpartition("/")
        if root != "/wp-json/wp/v2" or resource not in {"posts", "categories", "tags", "users"}:
            return _error(404, "rest_no_route")
        if resource == "users" and self.hides_users:
            return _error(401, "rest_user_cannot_view")
        rows = self._posts(asked.query) if resource == "posts" else list(getattr(self, resource).values())
        page, per_page = int(asked.query.get("page", 1)), int(asked.query.get("per_page", 10))
        pages = -(-len(rows) // per_page)
        if page > max(pages, 1):
            return _error(400, "rest_post_invalid_page_number")
        shown = [_fields(row, asked.query) for row in page_of(rows, page, per_page)]
        return Reply(
            200, json.dumps(shown).encode(), {"X-WP-Total": str(len(rows)), "X-WP-TotalPages": str(pages)}
        )

    def _posts(self, query: dict[str, str]) -> list[dict[str, Any]]:
        rows = {number: post for number, post in self.posts.items() if post["status"] == "publish"}
        if "include" in query:
            rows = {
                number: post for number, post in rows.items() if str(number) in query["include"].split(",")
            }
        if "slug" in query:
            rows = {number: post for number, post in rows.items() if post["slug"] in query["slug"].split(",")}
        if "modified_after" in query:
            after = datetime.fromisoformat(query["modified_after"])
            after = after if after.tzinfo else after.replace(tzinfo=LOCAL)  # as WordPress takes it
            rows = {number: post for number, post in rows.items() if post["modified"] > after}
        by = query.get("orderby", "date")
        numbers = sorted(
            rows,
            key=lambda number: number if by == "id" else rows[number][by],
            reverse=query.get("order", "desc") == "desc",
        )
        return [self._shown(number, query) for number in numbers]

    def _shown(self, number: int, query: dict[str, str]) -> dict[str, Any]:
        post = self.posts[number]
        hidden = bool(post["password"])
        content = {"rendered": "" if hidden else post["content"], "protected": hidden}
        shown = {
            **_POST,
            **{key: post[key] for key in ("slug", "link", "status", "categories", "tags", "author")},
            "id": number,
            "guid": {"rendered": post["guid"].replace("&", "&#038;")},
            "title": {"rendered": post["title"]},
            "content": content,
            "excerpt": {"rendered": "", "protected": hidden},
            **_dates(post),
        }
        del shown["_embedded"]
        if query.get("_embed") == _EMBED:
            terms = [_embedded(self.categories[each]) for each in post["categories"]]
            tags = [self.tags[each] | {"taxonomy": "post_tag"} for each in post["tags"]]
            shown["_embedded"] = {"wp:term": [terms, tags]}
            if not self.hides_users:
                shown["_embedded"]["author"] = [self.users[post["author"]]]
        return shown


def _dates(post: dict[str, Any]) -> dict[str, str]:
    """Local ones, and those that say so in their name alone."""
    said = {}
    for name in ("date", "modified"):
        said[name] = f"{post[name].astimezone(LOCAL):%Y-%m-%dT%H:%M:%S}"
        said[f"{name}_gmt"] = f"{post[name]:%Y-%m-%dT%H:%M:%S}"
    return said


def _fields(row: dict[str, Any], query: dict[str, str]) -> dict[str, Any]:
    if "_fields" not in query:
        return row
    shown: dict[str, Any] = {}
    for name in query["_fields"].split(","):
        head, _, part = name.partition(".")
        if head in row:
            shown[head] = {part: row[head][part]} if part else row[head]
    return shown


def _term(number: int, name: str, slug: str) -> dict[str, Any]:
    return {
        "id": number,
        "name": name,
        "slug": slug,
        "link": f"http://wp.test:8081/{slug}/",
        "description": "",
    }


def _embedded(category: dict[str, Any]) -> dict[str, Any]:
    """A category as `_embed` shows it: of its parent there is only a link."""
    shown = {key: value for key, value in category.items() if key != "parent"} | {"taxonomy": "category"}
    if parent := category.get("parent"):
        up = f"http://wp.test:8081/wp-json/wp/v2/categories/{parent}"
        shown["_links"] = {"up": [{"embeddable": True, "href": up}]}
    return shown


def _error(status: int, code: str) -> Reply:
    return Reply(status, json.dumps({"code": code, "message": "No.", "data": {"status": status}}).encode())
