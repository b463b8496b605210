// A connection that carries bytes and no HTTP, for services whose protocol is of another kind. libcurl makes it: it
// resolves under the egress rules, and knows TLS.

internal import Ccurl
internal import Glibc
internal import Secrets

/// A connected stream. Used by one thread; closed when it is dropped.
@safe public final class ByteStream {
  private let library: CurlLibrary
  private let handle: UnsafeMutableRawPointer
  private let descriptor: Int32
  private let name: String
  private let deadlineMilliseconds: Int64

  /// Connects.
  ///
  /// - Parameters:
  ///   - host: a name or an address; the path of a socket of this machine where it begins with `/`.
  ///   - port: the port.
  ///   - isEncrypted: whether TLS is spoken; certificates are verified.
  ///   - checksHost: whether the certificate must bear the host's name.
  ///   - certificates: a file of trusted certificates; nil for the system's.
  ///   - timeoutSeconds: how long connecting may take, and each read and write.
  public init(
    host: String, port: Int, isEncrypted: Bool, checksHost: Bool = true, certificates: String? = nil,
    timeoutSeconds: Double = 15
  ) throws(TransportError) {
    func failure(_ reason: String) -> TransportError { TransportError(fate: .notSent, reason: reason) }
    let isSocket = host.hasPrefix("/")
    let bracketed = host.contains(":") ? "[\(host)]" : host
    let scheme = isEncrypted ? "https" : "http"
    guard let address = WebAddress(isSocket ? "http://localhost" : "\(scheme)://\(bracketed):\(port)") else {
      throw failure("'\(host)' is no host")
    }
    let library = try CurlLibrary.shared.get()
    guard let handle = unsafe library.initialise() else { throw failure("libcurl has no memory for a connection") }
    let policy = EgressPolicy(internalBases: [address.origin])
    let exchange = Exchange(policy: policy, address: address, isProxied: false, maximumBytes: 0)
    var options = unsafe StreamOptions(library: library, handle: handle)
    options.set(CURLOPT_NOSIGNAL, 1)
    options.set(CURLOPT_CONNECT_ONLY, 1)
    options.set(CURLOPT_SSL_VERIFYPEER, 1)
    options.set(CURLOPT_SSL_VERIFYHOST, checksHost ? 2 : 0)
    options.set(CURLOPT_SSLVERSION, 6)  // CURL_SSLVERSION_TLSv1_2, an enumeration without a type of its own.
    options.set(CURLOPT_SSL_ENABLE_ALPN, 0)
    options.set(CURLOPT_CONNECTTIMEOUT_MS, max(1, Int(timeoutSeconds * 1_000)))
    options.set(CURLOPT_PROXY, "")
    options.set(CURLOPT_NOPROXY, "")
    if let certificates { options.set(CURLOPT_CAINFO, certificates) }
    options.set(CURLOPT_URL, address.origin)
    if isSocket { options.set(CURLOPT_UNIX_SOCKET_PATH, host) } else { options.guardAddresses(exchange) }
    let code = options.isRefused ? CURLE_UNKNOWN_OPTION : unsafe library.perform(handle)
    withExtendedLifetime(exchange) {}
    guard code == CURLE_OK else {
      let words = unsafe library.explain(code).map { unsafe String(cString: $0).lowercased() } ?? "\(code.rawValue)"
      unsafe library.cleanUp(handle)
      throw failure(exchange.objection ?? "\(address.authority) could not be connected to: \(words)")
    }
    var socket: curl_socket_t = -1
    guard unsafe keywright_curl_get_socket(library.getInformation, handle, &socket) == CURLE_OK, socket >= 0 else {
      unsafe library.cleanUp(handle)
      throw failure("\(address.authority) could not be connected to")
    }
    self.library = library
    unsafe self.handle = handle
    descriptor = socket
    name = isSocket ? host : address.authority
    deadlineMilliseconds = Int64(timeoutSeconds * 1_000)
  }

  deinit { unsafe library.cleanUp(handle) }

  /// Sends all of the bytes; after a failure it is not known how many arrived.
  public func send(_ bytes: [UInt8]) throws(TransportError) {
    var sent = 0
    while sent < bytes.count {
      var count = 0
      let code = unsafe bytes.withUnsafeBytes { buffer in
        unsafe library.sendBytes(handle, buffer.baseAddress.map { unsafe $0 + sent }, buffer.count - sent, &count)
      }
      switch code {
      case CURLE_OK: sent += count
      case CURLE_AGAIN: try wait(for: Int16(POLLOUT))
      default: throw TransportError(fate: .unknown, reason: "the connection to \(name) broke")
      }
    }
  }

  /// Some bytes, at least one.
  public func receive(_ maximum: Int = 65_536) throws(TransportError) -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: max(1, maximum))
    while true {
      var count = 0
      let code = unsafe bytes.withUnsafeMutableBytes { buffer in
        unsafe library.receiveBytes(handle, buffer.baseAddress, buffer.count, &count)
      }
      switch code {
      case CURLE_OK where count > 0: return Array(bytes.prefix(count))
      case CURLE_OK: throw TransportError(fate: .unknown, reason: "\(name) closed the connection")
      case CURLE_AGAIN: try wait(for: Int16(POLLIN))
      default: throw TransportError(fate: .unknown, reason: "the connection to \(name) broke")
      }
    }
  }

  private func wait(for events: Int16) throws(TransportError) {
    var waiting = pollfd(fd: descriptor, events: events, revents: 0)
    while true {
      let ready = unsafe poll(&waiting, 1, Int32(min(deadlineMilliseconds, 3_600_000)))
      if ready > 0 { return }
      if ready < 0 && errno == EINTR { continue }
      throw TransportError(fate: .unknown, reason: "\(name) did not answer in time")
    }
  }
}

/// Options of a handle that only connects.
@safe private struct StreamOptions {
  let library: CurlLibrary
  let handle: UnsafeMutableRawPointer
  private(set) var isRefused = false

  init(library: CurlLibrary, handle: UnsafeMutableRawPointer) {
    self.library = library
    unsafe self.handle = handle
  }

  mutating func set(_ option: CURLoption, _ value: Int) {
    unsafe note(keywright_curl_set_long(library.setOption, handle, option, value))
  }

  mutating func set(_ option: CURLoption, _ text: String) {
    unsafe text.withCString { text in
      unsafe note(keywright_curl_set_pointer(library.setOption, handle, option, text))
    }
  }

  mutating func guardAddresses(_ exchange: Exchange) {
    let context = unsafe UnsafeRawPointer(Unmanaged.passUnretained(exchange).toOpaque())
    unsafe note(keywright_curl_set_pointer(library.setOption, handle, CURLOPT_OPENSOCKETDATA, context))
    unsafe note(keywright_curl_set_opener(library.setOption, handle, curlWillConnect))
  }

  private mutating func note(_ code: CURLcode) { if code != CURLE_OK { isRefused = true } }
}
