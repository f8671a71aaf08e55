"""The aiohttp front: feeds, publish hooks, pages."""
