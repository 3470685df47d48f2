"""The train x test matrix made readable: tables, figures and a page that needs no network."""
