// Hosts of services that are no HTTP services: resolved once and judged, so that a library of theirs is given addresses and
// looks nothing up.

internal import Glibc

/// Resolves names under the egress rules.
public enum HostLookup {
  /// The numeric addresses of a host that trusted configuration names.
  ///
  /// Loopback and private addresses are what databases have, so naming them is consent; public ones are for encrypted
  /// connections only; link-local, metadata, multicast and reserved addresses are out of reach. One bad address spoils the
  /// name: whoever serves it can't be trusted.
  public static func addresses(of host: String, isEncrypted: Bool) throws(TransportError) -> [String] {
    var hints = unsafe addrinfo()
    unsafe hints.ai_family = AF_UNSPEC
    // SOCK_STREAM, whose enumeration is not to be seen where the standard library is linked statically.
    unsafe hints.ai_socktype = 1
    var list: UnsafeMutablePointer<addrinfo>?
    guard unsafe getaddrinfo(host, nil, &hints, &list) == 0, let first = unsafe list else {
      throw TransportError(fate: .notSent, reason: "\(host) could not be resolved")
    }
    defer { unsafe freeaddrinfo(first) }
    var found: [(bytes: [UInt8], text: String)] = []
    var next: UnsafeMutablePointer<addrinfo>? = unsafe first
    while let entry = unsafe next {
      if let address = unsafe read(entry.pointee) { found.append(address) }
      unsafe next = unsafe entry.pointee.ai_next
    }
    guard !found.isEmpty else { throw TransportError(fate: .notSent, reason: "\(host) has no address") }
    for (bytes, _) in found {
      let kind = NetworkAddress.kind(bytes)
      switch kind {
      case .loopback, .local: continue
      case .global where isEncrypted: continue
      case .global:
        throw TransportError(
          fate: .notSent, reason: "\(host) is a public address, where passwords are sent encrypted only")
      case .metadata, .special:
        throw TransportError(fate: .notSent, reason: "\(host) is a \(kind.rawValue) address")
      }
    }
    return found.map(\.text)
  }

  private static func read(_ entry: addrinfo) -> (bytes: [UInt8], text: String)? {
    guard let address = unsafe entry.ai_addr else { return nil }
    let (offset, count) =
      switch unsafe entry.ai_family {
      case AF_INET: (4, 4)
      case AF_INET6: (8, 16)
      default: (0, 0)
      }
    guard count > 0, unsafe Int(entry.ai_addrlen) >= offset + count else { return nil }
    let bytes = unsafe Array(UnsafeRawBufferPointer(start: UnsafeRawPointer(address) + offset, count: count))
    var text = [CChar](repeating: 0, count: 64)
    let result = unsafe getnameinfo(
      address, entry.ai_addrlen, &text, socklen_t(text.count), nil, 0, NI_NUMERICHOST)
    guard result == 0 else { return nil }
    return (bytes, String(decoding: text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self))
  }
}
