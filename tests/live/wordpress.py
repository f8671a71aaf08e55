"""A real WordPress with MariaDB on 127.0.0.1, from Debian's packages, and what editors do in it, by its REST API.

The WP Webhooks plugin is in no package registry: this is WordPress alone.
"""

from __future__ import annotations

import getpass
import re
import shutil
import subprocess
from base64 import b64encode
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Self

import pytest

from tests.live.programs import Program, Site, free_port, need, run

PACKAGES = "apt-get install --no-install-recommends wordpress php-cli php-mysql mariadb-server"
SOURCE = Path("/usr/share/wordpress")
START_SECONDS = 60

CONFIG = """<?php
define('DB_NAME', 'wordpress');
define('DB_USER', 'root');
define('DB_PASSWORD', '');
define('DB_HOST', 'localhost:%(socket)s');
define('DB_CHARSET', 'utf8mb4');
define('WP_ENVIRONMENT_TYPE', 'local');  // application passwords without https
define('WP_HTTP_BLOCK_EXTERNAL', true);  // nothing that leaves this machine
define('WP_ACCESSIBLE_HOSTS', '127.0.0.1');
define('AUTOMATIC_UPDATER_DISABLED', true);
$table_prefix = 'wp_';
if (!defined('ABSPATH')) define('ABSPATH', __DIR__ . '/');
require_once ABSPATH . 'wp-settings.php';
"""
SETUP = """<?php
(new mysqli('localhost', 'root', '', '', 0, '%(socket)s'))->query('CREATE DATABASE wordpress');
define('WP_INSTALLING', true);
$_SERVER['HTTP_HOST'] = '%(host)s';
require __DIR__ . '/site/wp-load.php';
require ABSPATH . 'wp-admin/includes/upgrade.php';
wp_install('The Live Gazette', 'ada', 'ada@site.test', true, '', wp_generate_password());
update_option('siteurl', 'http://%(host)s');
update_option('home', 'http://%(host)s');
update_option('gmt_offset', -3.5);
$wp_rewrite->set_permalink_structure('/%%year%%/%%monthnum%%/%%postname%%/');
delete_option('rewrite_rules');  // made anew by the first visit, which knows of categories, too
wp_delete_post(1, true);
echo 'password=', WP_Application_Passwords::create_new_application_password(1, ['name' => 'live'])[0];
"""
ROUTER = """<?php
$asked = __DIR__ . '/site' . parse_url($_SERVER['REQUEST_URI'], PHP_URL_PATH);
if (is_file($asked)) return false;
$_SERVER['SCRIPT_NAME'] = $_SERVER['PHP_SELF'] = '/index.php';
$_SERVER['SCRIPT_FILENAME'] = __DIR__ . '/site/index.php';
require __DIR__ . '/site/index.php';
"""


class WordPress:
    """One site, set up and empty, while its context lasts. Its own time is not UTC."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._stack = ExitStack()
        self.site = Site(free_port())

    def __enter__(self) -> Self:
        php = need("php", PACKAGES)
        if not SOURCE.exists():
            pytest.fail(f"{SOURCE} is missing, which this test runs: {PACKAGES}", pytrace=False)
        try:
            socket = self._start_database()
            self._start(php, {"socket": socket, "host": self.site.url.removeprefix("http://")})
        except BaseException:
            self._stack.close()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def _start_database(self) -> Path:
        data, socket = self._folder / "db", self._folder / "db.sock"
        own = ["--no-defaults", f"--datadir={data}", f"--user={getpass.getuser()}"]
        install = need("mariadb-install-db", PACKAGES)
        run([install, *own, "--auth-root-authentication-method=normal", "--skip-test-db"], self._folder)
        server = [need("mariadbd", PACKAGES), *own, f"--socket={socket}", "--skip-networking"]
        database = self._stack.enter_context(Program(server, cwd=self._folder))
        database.wait_for(socket.exists, seconds=START_SECONDS)
        return socket

    def _start(self, php: str, told: dict[str, Any]) -> None:
        shutil.copytree(SOURCE, self._folder / "site", ignore_dangling_symlinks=True)
        (self._folder / "site/wp-config.php").write_text(CONFIG % told)
        (self._folder / "setup.php").write_text(SETUP % told)
        (self._folder / "router.php").write_text(ROUTER)
        done = subprocess.run(
            [php, "setup.php"], cwd=self._folder, capture_output=True, text=True, check=False
        )
        password = re.search(r"password=(\w+)$", done.stdout)
        assert password, done.stdout + done.stderr
        self.site.headers["Authorization"] = "Basic " + b64encode(f"ada:{password[1]}".encode()).decode()
        server = [php, "-S", told["host"], "-t", str(self._folder / "site"), "router.php"]
        web = self._stack.enter_context(Program(server, cwd=self._folder, PHP_CLI_SERVER_WORKERS="4"))
        web.wait_for(lambda: self.site.answers("/wp-json/wp/v2/types"), seconds=START_SECONDS)

    def rest(self, method: str, path: str, body: Any = None) -> Any:
        """One request to the REST API, as the administrator."""
        return self.site.call(method, f"/wp-json/wp/v2/{path}", body)

    # ---- what an operator and an editor do -------------------------------------------------------------------------

    def ping(self, target: str) -> None:
        """Add an address to Settings → Writing → Update Services."""
        script = f"<?php require __DIR__ . '/site/wp-load.php'; update_option('ping_sites', '{target}');"
        (self._folder / "ping.php").write_text(script)
        run([need("php", PACKAGES), "ping.php"], self._folder)

    def visit(self) -> None:
        """Be a reader: WordPress does what is due, such as pings, when somebody comes."""
        self.site.ask("GET", "/wp-cron.php?doing_wp_cron")

    def term(self, kind: str, name: str, **fields: Any) -> int:
        """Add one of `categories` or `tags`; answers its number."""
        return int(self.rest("POST", kind, {"name": name} | fields)["id"])

    def author(self, name: str, slug: str) -> int:
        user = {"username": slug, "slug": slug, "name": name, "email": f"{slug}@site.test"}
        return int(
            self.rest("POST", "users", user | {"roles": ["author"], "password": "only in this test"})["id"]
        )

    def post(self, title: str, **fields: Any) -> dict[str, Any]:
        """Publish a post, unless `status` says otherwise; answers WordPress's record of it."""
        new = {"title": title, "content": f"<p>Text of {title}.</p>", "status": "publish"}
        return dict(self.rest("POST", "posts", new | fields))

    def edit(self, number: int, **fields: Any) -> None:
        self.rest("POST", f"posts/{number}", fields)

    def trash(self, number: int) -> None:
        self.rest("DELETE", f"posts/{number}")
