// Addresses of requests: the few forms that are accepted, taken apart once, so that nobody judges a host that curl does
// not contact.

/// An absolute `http` or `https` address without user information and without a fragment.
public struct WebAddress: Sendable, Equatable {
  /// `http` or `https`.
  public let scheme: String
  /// The host in lower case: a name, an IPv4 address, or an IPv6 address in brackets.
  public let host: String
  /// The port that is named; nil where the scheme's own is meant.
  public let port: Int?
  /// Path and query, with the leading `/`; empty where there is none.
  public let path: String

  /// Takes an address apart; nil for anything that is not plainly one.
  public init?(_ text: String) {
    guard text.utf8.count <= 8_192, text.utf8.allSatisfy({ (0x21...0x7e).contains($0) && $0 != 0x5c }) else {
      return nil
    }
    guard let colon = text.firstIndex(of: ":") else { return nil }
    scheme = text[..<colon].lowercased()
    guard ["http", "https"].contains(scheme), text[colon...].hasPrefix("://") else { return nil }
    let rest = text[text.index(colon, offsetBy: 3)...]
    guard !rest.contains("#") else { return nil }
    let end = rest.firstIndex { $0 == "/" || $0 == "?" } ?? rest.endIndex
    guard let (host, port) = WebAddress.authority(rest[..<end]) else { return nil }
    self.host = host
    self.port = port
    path = String(rest[end...])
  }

  /// `host`, or `host:port` where a port is named.
  public var authority: String { port.map { "\(host):\($0)" } ?? host }

  /// `scheme://host[:port]`.
  public var origin: String { "\(scheme)://\(authority)" }

  private static func authority(_ text: Substring) -> (String, Int?)? {
    var host = text
    var port: Int?
    let afterBracket = text.lastIndex(of: "]") ?? text.startIndex
    if let colon = text[afterBracket...].lastIndex(of: ":") {
      let digits = text[text.index(after: colon)...]
      guard digits.utf8.allSatisfy({ (0x30...0x39).contains($0) }), let number = Int(digits),
        (1...65_535).contains(number)
      else { return nil }
      port = number
      host = text[..<colon]
    }
    guard isHost(host) else { return nil }
    return (host.lowercased(), port)
  }

  private static func isHost(_ host: Substring) -> Bool {
    guard !host.isEmpty, host.utf8.count <= 255 else { return false }
    if host.hasPrefix("[") {
      return host.hasSuffix("]") && host.count > 2
        && host.dropFirst().dropLast().allSatisfy { $0.isHexDigit || $0 == ":" || $0 == "." }
    }
    return host.utf8.allSatisfy { byte in
      (0x61...0x7a).contains(byte) || (0x41...0x5a).contains(byte) || (0x30...0x39).contains(byte)
        || byte == 0x2d || byte == 0x2e || byte == 0x5f
    }
  }
}
