"""Addresses of the sampling pages, one module a family of pages."""
