"""A sealed model as one HTML page that a person double-clicks: offline, private, with the same answers.

The front end (web/app) is built into `front/`; here it is put together with a sealed file.
"""

from sealift.errors import PageError
from sealift.targets.page.build import build_page
from sealift.targets.page.handout import Handout, build_handout
from sealift.targets.page.verify import check_page, is_page

__all__ = ["Handout", "PageError", "build_handout", "build_page", "check_page", "is_page"]
