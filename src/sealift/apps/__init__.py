"""A sealed model as one HTML page that a person double-clicks: offline, private, with the same answers.

The front end (web/app) is built into `front/`; here it is put together with a sealed file.
"""

from sealift.apps.check import check_page, is_page
from sealift.apps.front import FrontError
from sealift.apps.handout import Handout, build_handout
from sealift.apps.page import PageInfo, build_page

__all__ = ["FrontError", "Handout", "PageInfo", "build_handout", "build_page", "check_page", "is_page"]
