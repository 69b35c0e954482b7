"""The HTTP face that all services share: health, errors, security headers, paging, serving."""
