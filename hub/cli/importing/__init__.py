"""`feedhub import`: an archive, piece by piece, through `POST /publish`.

Safe to repeat: what is there already is answered `unchanged`. Safe to interrupt, therefore: the next run goes through
the same pieces again.
"""

from hub.cli.importing.run import Wish, import_source

__all__ = ["Wish", "import_source"]
