"""What other SDKs keep under this name as well."""

from .api_error import ApiError

__all__ = ["ApiError"]
