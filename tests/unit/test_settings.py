"""Settings that must agree with each other."""

from __future__ import annotations

import pytest

from hub.errors import Misconfigured
from hub.settings import load_settings


def test_leases_have_bounds_and_a_default_of_ten_days() -> None:
    settings = load_settings({})

    assert (settings.lease_min_seconds, settings.lease_default_seconds, settings.lease_max_seconds) == (
        300,
        864_000,
        2_592_000,
    )
    assert (settings.websub_content, settings.notify_interval_ms) == ("diff", 1000)


@pytest.mark.parametrize(
    ("least", "default", "most"),
    [("300", "200", "400"), ("300", "500", "400"), ("600", "500", "400"), ("600", "600", "500")],
)
def test_leases_out_of_order_are_refused_in_one_sentence(least: str, default: str, most: str) -> None:
    said = {
        "FEEDHUB_LEASE_MIN_SECONDS": least,
        "FEEDHUB_LEASE_DEFAULT_SECONDS": default,
        "FEEDHUB_LEASE_MAX_SECONDS": most,
    }

    with pytest.raises(Misconfigured) as refused:
        load_settings(said)

    assert str(refused.value) == (
        f"FEEDHUB_LEASE_MIN_SECONDS ({least}), FEEDHUB_LEASE_DEFAULT_SECONDS ({default}) and "
        f"FEEDHUB_LEASE_MAX_SECONDS ({most}) must be in ascending order"
    )


def test_equal_leases_are_in_order() -> None:
    said = {f"FEEDHUB_LEASE_{name}_SECONDS": "2" for name in ("MIN", "DEFAULT", "MAX")}

    assert load_settings(said).lease_max_seconds == 2


@pytest.mark.parametrize(
    "said",
    [
        {"FEEDHUB_LEASE_MIN_SECONDS": "0"},
        {"FEEDHUB_LEASE_MAX_SECONDS": "999999999"},
        {"FEEDHUB_WEBSUB_CONTENT": "some"},
        {"FEEDHUB_NOTIFY_INTERVAL_MS": "-1"},
    ],
)
def test_what_makes_no_sense_is_refused_by_name(said: dict[str, str]) -> None:
    with pytest.raises(Misconfigured) as refused:
        load_settings(said)

    (problem,) = refused.value.problems
    assert problem.startswith(f"{next(iter(said))}: ")


def test_strapis_fields_are_pairs_and_its_address_a_template() -> None:
    settings = load_settings(
        {
            "FEEDHUB_STRAPI_FIELDS": "content = body|text, authors=writer",
            "FEEDHUB_STRAPI_MODELS": "story, brief",
            "FEEDHUB_STRAPI_URL": "https://site.test/{locale}/{slug}",
            "FEEDHUB_HOOK_SECRET_GHOST": "old, new",
        }
    )

    assert settings.strapi_fields == (("content", "body|text"), ("authors", "writer"))
    assert settings.strapi_models == ("story", "brief")
    assert settings.hook_secret_ghost == ("old", "new")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("STRAPI_FIELDS", "content"),
        ("STRAPI_FIELDS", "content="),
        ("STRAPI_FIELDS", "body=content"),
        ("STRAPI_URL", "/{slug}"),
        ("STRAPI_URL", "https://site.test/{id}"),
    ],
)
def test_a_mapping_of_strapi_that_cant_be_is_refused(name: str, value: str) -> None:
    with pytest.raises(Misconfigured, match=f"FEEDHUB_{name}"):
        load_settings({f"FEEDHUB_{name}": value})


@pytest.mark.parametrize(
    ("said", "base"),
    [("topics", "topics"), ("/blog/category/", "blog/category"), (".", ""), ("", "category")],
)
def test_a_base_of_old_addresses_is_a_path_without_slashes_around(said: str, base: str) -> None:
    assert load_settings({"FEEDHUB_URL_CATEGORY_BASE": said}).url_category_base == base


@pytest.mark.parametrize(
    "environ",
    [
        {"FEEDHUB_URL_CATEGORY_BASE": "feeds"},
        {"FEEDHUB_URL_CATEGORY_BASE": "api/x"},
        {"FEEDHUB_URL_CATEGORY_BASE": "a?b"},
        {"FEEDHUB_URL_TAG_BASE": "."},
        {"FEEDHUB_URL_TAG_BASE": "category"},
        {"FEEDHUB_URL_STYLE": "joomla"},
    ],
)
def test_a_base_that_could_mean_something_else_is_refused(environ: dict[str, str]) -> None:
    with pytest.raises(Misconfigured):
        load_settings(environ)


def test_the_address_for_alerts_is_checked_and_not_shown() -> None:
    settings = load_settings({"FEEDHUB_ALERT_URL": "https://alerts.test/hook?token=alert-secret"})

    assert settings.alert_url == "https://alerts.test/hook?token=alert-secret"
    assert "alert-secret" not in repr(settings)
    for bad in (
        "alerts.test/hook",
        "ftp://alerts.test/",
        "https://",
        "https://user:alert-secret@alerts.test/",
    ):
        with pytest.raises(Misconfigured) as refused:
            load_settings({"FEEDHUB_ALERT_URL": bad})
        assert "alert-secret" not in str(refused.value)


def test_every_bad_address_of_others_is_named() -> None:
    said = {
        "FEEDHUB_ORIGINS": "https://ok.test/blog/, ftp://a.test/, https://b.test/x/../y, https://u:p@c.test/",
        "FEEDHUB_INGEST_FEEDS": "https://ok.test/feed?x=1, d.test/feed",
    }

    with pytest.raises(Misconfigured) as refused:
        load_settings(said)

    origins, feeds = refused.value.problems
    assert origins.startswith("FEEDHUB_ORIGINS: ")
    assert all(bad in origins for bad in ("ftp://a.test/", "https://b.test/x/../y", "https://…@c.test/"))
    assert "ok.test" not in origins
    assert feeds.startswith("FEEDHUB_INGEST_FEEDS: d.test/feed must be an absolute http(s) URL")


def test_a_feed_of_this_hub_is_not_ingested() -> None:
    said = {
        "FEEDHUB_PUBLIC_URL": "https://hub.test/f",
        "FEEDHUB_INGEST_FEEDS": "https://hub.test/f/feeds/all.rss, https://hub.test/other",
    }

    with pytest.raises(Misconfigured) as refused:
        load_settings(said)

    assert refused.value.problems == (
        "FEEDHUB_INGEST_FEEDS: https://hub.test/f/feeds/all.rss is of this hub itself: a loop",
    )


def test_topics_of_others_are_no_kind_of_feed_to_choose() -> None:
    with pytest.raises(Misconfigured, match="must be some of all, category, author, tag"):
        load_settings({"FEEDHUB_FEED_KINDS": "all,origin"})
