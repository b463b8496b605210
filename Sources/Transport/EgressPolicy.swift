// Where requests may go: the public internet, and what trusted configuration names as internal.

/// The rules that ``CurlTransport`` holds requests to.
///
/// Requests go to public addresses over `https`; redirects are never followed. To a base that is named internal they may
/// also go to private and loopback addresses, there over `http` too. Link-local, metadata, multicast and reserved addresses
/// are out of reach in any case. Addresses are judged after resolution, at the moment of connecting.
public struct EgressPolicy: Sendable {
  let internalOrigins: Set<String>
  let proxies: [String: String]
  let noProxy: [String]
  let certificateBundle: String?

  /// A policy.
  ///
  /// - Parameters:
  ///   - internalBases: addresses of services that may be private; what is not an address is ignored.
  ///   - environment: where `https_proxy`, `http_proxy`, `all_proxy` and `no_proxy` are looked up, lower case first (of
  ///     `HTTP_PROXY` only the lower-case form counts, as in curl). Empty: no proxy is used.
  ///   - certificateBundle: a file of trusted certificates in the place of the system's.
  public init(internalBases: [String] = [], environment: [String: String] = [:], certificateBundle: String? = nil) {
    internalOrigins = Set(internalBases.compactMap { WebAddress($0).map(EgressPolicy.origin) })
    func value(_ names: String...) -> String? {
      names.lazy.compactMap { environment[$0] }.first { !$0.isEmpty }
    }
    let all = value("all_proxy", "ALL_PROXY")
    proxies = [
      "https": value("https_proxy", "HTTPS_PROXY") ?? all, "http": value("http_proxy") ?? all,
    ].compactMapValues { $0 }
    noProxy = (value("no_proxy", "NO_PROXY") ?? "").lowercased().split { $0 == "," || $0 == " " }.map(String.init)
    self.certificateBundle = certificateBundle
  }

  private static func origin(_ address: WebAddress) -> String {
    "\(address.scheme)://\(address.host):\(address.port ?? (address.scheme == "https" ? 443 : 80))"
  }

  /// Whether trusted configuration names the address as internal.
  func isInternal(_ address: WebAddress) -> Bool { internalOrigins.contains(EgressPolicy.origin(address)) }

  /// Why a request to the address can't even be tried; nil where it can.
  func objection(to address: WebAddress) -> String? {
    let isInternal = isInternal(address)
    if address.scheme != "https" && !isInternal {
      return "\(address.origin) is not https, and is not named as an internal base"
    }
    if !isInternal, address.host == "localhost" || address.host.hasSuffix(".localhost") {
      return "\(address.host) is this machine, and is not named as an internal base"
    }
    if let bytes = EgressPolicy.literalIPv4(address.host), let why = objection(to: bytes, of: address) { return why }
    return nil
  }

  /// Why a connection to the resolved address (4 or 16 bytes) is refused; nil where it is not.
  func objection(to bytes: [UInt8], of address: WebAddress) -> String? {
    let kind = NetworkAddress.kind(bytes)
    let isInternal = isInternal(address)
    switch kind {
    case .global where address.scheme == "https": return nil
    case .global: return "\(address.host) is a public address, where keys are sent over https only"
    case .loopback, .local: if isInternal { return nil }
    case .metadata, .special: break
    }
    return "\(address.host) is a \(kind.rawValue) address"
      + (isInternal ? "" : ", and is not named as an internal base")
  }

  /// The proxy for a request; nil for a direct connection. What is named internal by its number or as `localhost` is
  /// never handed to a proxy.
  func proxy(for address: WebAddress) -> String? {
    guard let proxy = proxies[address.scheme] else { return nil }
    let host = address.host
    if host == "localhost" || host.hasPrefix("127.") || host == "[::1]" { return nil }
    for entry in noProxy {
      let name = entry.hasPrefix(".") ? String(entry.dropFirst()) : entry
      if entry == "*" || host == name || address.authority == name || host.hasSuffix("." + name) { return nil }
    }
    return proxy
  }

  private static func literalIPv4(_ host: String) -> [UInt8]? {
    let parts = host.split(separator: ".", omittingEmptySubsequences: false).map { UInt8($0) }
    guard parts.count == 4 else { return nil }
    let bytes = parts.compactMap { $0 }
    return bytes.count == 4 ? bytes : nil
  }
}
