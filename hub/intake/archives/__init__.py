"""Archives that other systems export: bytes in, piece by piece out, in bounded memory. Pure."""
