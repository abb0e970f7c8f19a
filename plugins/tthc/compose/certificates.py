"""Whether a certificate may stand in front of the pages."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from tthc.compose.secret_files import EXAMPLE_ORGANIZATION

#: One that ends sooner is renewed before a start, not after it.
LEAST_LEFT = timedelta(days=7)
LEAST_RSA_BITS = 2048


def certificate_problems(
    certificate: str, key: str, host: str, *, may_be_example: bool, now: datetime | None = None
) -> Iterator[tuple[str, str]]:
    """Yield (name, what is wrong) for a certificate and its key in PEM."""
    from cryptography import x509
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric import rsa

    try:
        leaf = x509.load_pem_x509_certificate(certificate.encode())
    except ValueError:
        yield "certificate_is_read", "không phải chứng thư PEM"
        return
    try:
        private = serialization.load_pem_private_key(key.encode(), password=None)
    except (ValueError, TypeError):
        yield "certificate_key_is_read", "khóa không phải PEM, hoặc khóa còn có mật khẩu"
        return
    moment = now or datetime.now(UTC)
    form = (serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    if leaf.public_key().public_bytes(*form) != private.public_key().public_bytes(*form):
        yield "certificate_fits_key", "khóa không phải của chứng thư này"
    if leaf.not_valid_before_utc > moment:
        yield "certificate_has_begun", f"chưa có hiệu lực trước {leaf.not_valid_before_utc:%Y-%m-%d}"
    if leaf.not_valid_after_utc < moment + LEAST_LEFT:
        yield "certificate_lasts", f"hết hạn ngày {leaf.not_valid_after_utc:%Y-%m-%d} (cần còn từ 7 ngày)"
    if isinstance(private, rsa.RSAPrivateKey) and private.key_size < LEAST_RSA_BITS:
        yield "certificate_is_strong", f"khóa RSA chỉ {private.key_size} bit, cần từ {LEAST_RSA_BITS}"
    if not _names(leaf, host):
        yield "certificate_names_host", f"không cấp cho {host}"
    organizations = leaf.subject.get_attributes_for_oid(x509.NameOID.ORGANIZATION_NAME)
    if not may_be_example and any(each.value == EXAMPLE_ORGANIZATION for each in organizations):
        yield "certificate_is_no_example", "là chứng thư mẫu do `make secrets --demo` làm"


def _names(leaf, host: str) -> bool:
    """Whether the certificate is for this host; one star stands for one part of a name."""
    from cryptography import x509

    try:
        names = leaf.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        return False
    wanted = host.casefold()
    addresses = {str(each) for each in names.get_values_for_type(x509.IPAddress)}
    hosts = {each.casefold() for each in names.get_values_for_type(x509.DNSName)}
    return wanted in addresses | hosts or f"*.{wanted.partition('.')[2]}" in hosts
