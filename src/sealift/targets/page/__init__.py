"""A sealed model as an HTML page that opens with a double click: offline, private, with the same answers.

The front end (web/app) is built into `front/`. This package combines it with a sealed file.
"""

from sealift.errors import PageError
from sealift.targets.page.build import build_page
from sealift.targets.page.handout import Handout, build_handout
from sealift.targets.page.verify import check_page, is_page

__all__ = ["Handout", "PageError", "build_handout", "build_page", "check_page", "is_page"]
