// One exchange as libcurl's callbacks see it: which addresses may be connected to, whether the request was begun, and
// what has come back.

internal import Ccurl
internal import Glibc
internal import Secrets

/// The state of one exchange. Used by one thread, for the length of one call of libcurl.
final class Exchange {
  static let maximumHeaderBytes = 64 << 10

  let policy: EgressPolicy
  let address: WebAddress
  let isProxied: Bool
  let maximumBytes: Int

  /// Whether libcurl had a connection (TLS and tunnel included) and was about to send the request.
  private(set) var begun = false
  /// Why an address was refused; the latest one.
  private(set) var objection: String?
  /// Why what came back was too much.
  private(set) var excess: String?
  private(set) var headers: [(name: String, value: String)] = []
  /// Whether the empty line after the headers has come: libcurl takes a connection that ends before it for an answer.
  private(set) var headersAreWhole = false
  private var headerBytes = 0
  private var body: [UInt8] = []

  init(policy: EgressPolicy, address: WebAddress, isProxied: Bool, maximumBytes: Int) {
    self.policy = policy
    self.address = address
    self.isProxied = isProxied
    self.maximumBytes = maximumBytes
  }

  deinit { wipe(&body) }

  /// The body, moved out of here; what is left behind is wiped.
  func takeBody() -> Secret {
    defer {
      wipe(&body)
      body = []
    }
    return Secret(body)
  }

  /// What has come of a response that broke off; nil where no final status came.
  func takePartial(_ status: Int) -> HTTPResponse? {
    guard (200...599).contains(status) else { return nil }
    return HTTPResponse(status: status, headers: headers, body: takeBody())
  }

  // MARK: - What libcurl reports

  /// Appends to the body; false when it is too much.
  fileprivate func receive(_ chunk: UnsafeRawBufferPointer) -> Bool {
    guard chunk.count <= maximumBytes - body.count else {
      excess = "the response is larger than \(maximumBytes) bytes"
      // What there is room for is kept: a key may be in it.
      unsafe keep(UnsafeRawBufferPointer(rebasing: chunk.prefix(max(0, maximumBytes - body.count))))
      return false
    }
    unsafe keep(chunk)
    return true
  }

  private func keep(_ chunk: UnsafeRawBufferPointer) {
    let needed = body.count + chunk.count
    if needed > body.capacity {
      // Growing by hand: an array that grows by itself leaves what it held behind.
      var larger: [UInt8] = []
      larger.reserveCapacity(max(needed, min(2 * body.capacity, maximumBytes), 4_096))
      larger.append(contentsOf: body)
      wipe(&body)
      body = larger
    }
    unsafe body.append(contentsOf: chunk)
  }

  /// Takes one header line; false when there are too many.
  fileprivate func receiveHeader(_ line: UnsafeRawBufferPointer) -> Bool {
    headerBytes += line.count
    guard headerBytes <= Exchange.maximumHeaderBytes else {
      excess = "the response has more than \(Exchange.maximumHeaderBytes) bytes of headers"
      return false
    }
    let text = unsafe String(decoding: line, as: UTF8.self)
    if text.hasPrefix("HTTP/") {
      // An interim response came before this one.
      headers = []
      headersAreWhole = false
    } else if text == "\r\n" || text == "\n" {
      headersAreWhole = true
    } else if let colon = text.firstIndex(of: ":"), colon != text.startIndex {
      let value = text[text.index(after: colon)...].drop { $0 == " " || $0 == "\t" }
      let end = value.lastIndex { !$0.isWhitespace }.map { value.index(after: $0) } ?? value.startIndex
      headers.append((text[..<colon].lowercased(), String(value[..<end])))
    }
    return true
  }

  fileprivate func begin() { begun = true }

  /// Opens a socket for the address unless the policy objects.
  fileprivate func open(_ target: UnsafePointer<curl_sockaddr>) -> curl_socket_t {
    // To a proxy, which the user's environment names, the policy for destinations does not apply.
    if !isProxied, let why = policy.objection(to: unsafe Exchange.bytes(of: target), of: address) {
      objection = why
      return -1
    }
    let (family, kind, number) = unsafe (target.pointee.family, target.pointee.socktype, target.pointee.protocol)
    return socket(family, kind | Int32(SOCK_CLOEXEC.rawValue), number)
  }

  /// The address itself out of a socket address; empty for families that are neither IPv4 nor IPv6.
  ///
  /// The member is declared as the short general structure, but libcurl lays the whole address into its place: it must
  /// be read where it is, not from a copy.
  private static func bytes(of target: UnsafePointer<curl_sockaddr>) -> [UInt8] {
    let length = unsafe Int(target.pointee.addrlen)
    let (offset, count) =
      switch unsafe target.pointee.family {
      case AF_INET: (4, 4)
      case AF_INET6: (8, 16)
      default: (0, 0)
      }
    guard count > 0, length >= offset + count, let start = MemoryLayout<curl_sockaddr>.offset(of: \.addr) else {
      return []
    }
    let address = unsafe UnsafeRawPointer(target) + start + offset
    return unsafe Array(UnsafeRawBufferPointer(start: address, count: count))
  }
}

// MARK: - Callbacks

private func exchange(_ pointer: UnsafeMutableRawPointer?) -> Exchange? {
  unsafe pointer.map { unsafe Unmanaged<Exchange>.fromOpaque($0).takeUnretainedValue() }
}

/// `CURLOPT_WRITEFUNCTION`.
func curlDidReceive(
  _ data: UnsafeMutablePointer<CChar>?, _ size: Int, _ count: Int, _ context: UnsafeMutableRawPointer?
) -> Int {
  // libcurl documents the size to be 1.
  guard size == 1, let exchange = unsafe exchange(context) else { return 0 }
  guard count > 0 else { return 0 }
  return unsafe exchange.receive(UnsafeRawBufferPointer(start: data, count: count)) ? count : 0
}

/// `CURLOPT_HEADERFUNCTION`.
func curlDidReceiveHeader(
  _ data: UnsafeMutablePointer<CChar>?, _ size: Int, _ count: Int, _ context: UnsafeMutableRawPointer?
) -> Int {
  guard size == 1, let exchange = unsafe exchange(context) else { return 0 }
  return unsafe exchange.receiveHeader(UnsafeRawBufferPointer(start: data, count: count)) ? count : 0
}

/// `CURLOPT_OPENSOCKETFUNCTION`.
func curlWillConnect(
  _ context: UnsafeMutableRawPointer?, _ purpose: curlsocktype, _ target: UnsafeMutablePointer<curl_sockaddr>?
) -> curl_socket_t {
  guard let exchange = unsafe exchange(context), let target = unsafe target else { return -1 }
  return unsafe exchange.open(target)
}

/// `CURLOPT_PREREQFUNCTION`: the connection stands, the request is next.
func curlWillSend(
  _ context: UnsafeMutableRawPointer?, _ remote: UnsafeMutablePointer<CChar>?, _ local: UnsafeMutablePointer<CChar>?,
  _ remotePort: Int32, _ localPort: Int32
) -> Int32 {
  unsafe exchange(context)?.begin()
  return CURL_PREREQFUNC_OK
}
