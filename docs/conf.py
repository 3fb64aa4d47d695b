"""Settings of the documentation site: `make docs` builds it from the Markdown of the repository (Sphinx, MyST, Furo).

The source folder is the repository, so that the links between docs/, spec/, examples/ and the README are the same in
both. The site needs no server and no network: no outside font, script or picture, and a search that works from disk.
"""

from __future__ import annotations

import sys
from pathlib import Path

import sealift

sys.path.insert(0, str(Path(__file__).parent / "_site"))

project = "Sealift"
author = "Sealift contributors"
project_copyright = author
version = release = sealift.__version__
language = "en"

extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.napoleon", "sealift_site"]
root_doc = "docs/index"
include_patterns = ["README.md", "CHANGELOG.md", "CONTRIBUTING.md", "docs/**", "spec/*.md", "examples/README.md"]
# Folders of tools are named, so that they are not searched for pages.
exclude_patterns = ["docs/_site", ".venv", "build", "dist", "demo", "src", "tests", "web", "bench", ".*"]

html_theme = "furo"
html_title = f"Sealift {version}"
html_static_path = ["_site/static"]
html_css_files = ["site.css"]
html_theme_options = {"navigation_with_keys": True}
html_show_sphinx = False
html_show_copyright = False
html_copy_source = False
# Summaries of search results would be fetched, which a browser refuses for files on disk.
html_show_search_summary = False
pygments_style, pygments_dark_style = "friendly", "github-dark"

myst_heading_anchors = 3
myst_heading_slug_func = "sealift_site.slug"
default_role = "code"
napoleon_google_docstring = True
napoleon_use_ivar = True
autodoc_typehints = "signature"
autodoc_member_order = "bysource"
python_use_unqualified_type_names = True
toc_object_entries_show_parents = "hide"
