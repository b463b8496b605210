// What kind of place a network address is, after IANA's registries of special-purpose addresses.

/// The kinds of place that the egress guard tells apart.
enum AddressKind: String {
  /// The public internet.
  case global = "public"
  /// This machine.
  case loopback
  /// A site's own network, carrier-grade NAT included.
  case local = "private"
  /// Where clouds hand out credentials, and the link it lives on.
  case metadata = "link-local or metadata"
  /// Multicast, documentation, reserved, tunnels that hide another address.
  case special = "special-purpose"
}

/// Classifies addresses by their bytes.
enum NetworkAddress {
  /// The kind of an address of 4 or 16 bytes in network order.
  static func kind(_ bytes: [UInt8]) -> AddressKind {
    switch bytes.count {
    case 4: kindOfIPv4(bytes)
    case 16: kindOfIPv6(bytes)
    default: .special
    }
  }

  private static let metadataIPv4: [[UInt8]] = [[100, 100, 100, 200], [168, 63, 129, 16], [192, 0, 0, 192]]

  private static func kindOfIPv4(_ b: [UInt8]) -> AddressKind {
    if metadataIPv4.contains(b) { return .metadata }
    return switch (b[0], b[1], b[2]) {
    case (0, _, _): .special
    case (127, _, _): .loopback
    case (10, _, _), (172, 16...31, _), (192, 168, _), (100, 64...127, _): .local
    case (169, 254, _): .metadata
    case (192, 0, 0), (192, 0, 2), (192, 88, 99), (198, 18...19, _), (198, 51, 100), (203, 0, 113): .special
    case (224...255, _, _): .special
    default: .global
    }
  }

  private static func kindOfIPv6(_ b: [UInt8]) -> AddressKind {
    let last4 = Array(b[12..<16])
    if b[0..<12].allSatisfy({ $0 == 0 }) { return last4 == [0, 0, 0, 1] ? .loopback : .special }
    if b[0..<10].allSatisfy({ $0 == 0 }), b[10] == 0xff, b[11] == 0xff { return kindOfIPv4(last4) }
    // NAT64 and 6to4 carry an IPv4 address: what counts is where that leads.
    if Array(b[0..<12]) == [0, 0x64, 0xff, 0x9b, 0, 0, 0, 0, 0, 0, 0, 0] { return kindOfIPv4(last4) }
    if b[0] == 0x20, b[1] == 0x02 { return kindOfIPv4(Array(b[2..<6])) }
    if Array(b[0..<6]) == [0xfd, 0, 0x0e, 0xc2, 0, 0] { return .metadata }
    if b[0] & 0xfe == 0xfc { return .local }
    if b[0] == 0xfe { return b[1] & 0xc0 == 0x80 ? .metadata : b[1] & 0xc0 == 0xc0 ? .local : .special }
    // Teredo and its neighbours, documentation.
    if b[0] == 0x20, b[1] == 0x01, b[2] < 0x02 || (b[2] == 0x0d && b[3] == 0xb8) { return .special }
    if b[0] == 0x3f, b[1] == 0xff, b[2] & 0xf0 == 0 { return .special }
    return b[0] & 0xe0 == 0x20 ? .global : .special
  }
}
