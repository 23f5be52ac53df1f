"""The pages: server-rendered HTML, one module per page, its template of the same name.

No build step and no outside requests: style, htmx and our few scripts come from ``assets/``, and the
Content-Security-Policy allows nothing else, no inline script either.
"""
