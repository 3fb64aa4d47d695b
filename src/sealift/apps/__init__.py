"""A sealed model as one HTML page that a person double-clicks: offline, private, with the same answers.

The front end (web/app) is built into `front/`; here it is put together with a sealed file.
"""

from sealift.apps.front import FrontError
from sealift.apps.page import PageInfo, build_page

__all__ = ["FrontError", "PageInfo", "build_page"]
