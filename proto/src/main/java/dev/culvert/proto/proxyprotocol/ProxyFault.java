package dev.culvert.proto.proxyprotocol;

/// Why bytes are no PROXY header; one counter each.
public enum ProxyFault {
    /// Neither `PROXY ` nor the signature of version 2.
    NO_SIGNATURE,
    /// Version 1: no CRLF within 107 bytes.
    LINE_TOO_LONG,
    /// Version 1: wrong word, wrong number of fields or spaces, CR without LF or LF without CR.
    LINE_SYNTAX,
    /// Version 1: not an address, or not one of the family that the line names.
    LINE_ADDRESS,
    /// Version 1: not a number in 0..65535 without leading zeros.
    LINE_PORT,
    /// Version 2: the version nibble is not 2.
    VERSION,
    /// Version 2: neither LOCAL nor PROXY.
    COMMAND,
    /// Version 2: a pair of family and protocol that does not exist.
    FAMILY,
    /// Version 2: the length does not cover the addresses.
    SHORT_ADDRESSES,
    /// More bytes of TLVs than the parser was told to take.
    TLV_TOO_LONG,
    /// More than 128 TLVs.
    TLV_TOO_MANY,
    /// A TLV that runs over the end of the header or of the TLV it is nested in, or stray bytes behind the last one.
    TLV_OVERRUN,
    /// A UNIQUE_ID over 128, an AUTHORITY over 255 or an SSL field under 5 bytes.
    TLV_VALUE,
    /// A CRC32C that does not match, is not 4 bytes long or is there twice.
    CRC,
    /// A TLV of the hop (E4) on a connection that is no hop.
    HOP_TLV,
    /// A datagram that ends within its header.
    TRUNCATED
}
