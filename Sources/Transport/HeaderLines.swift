// The header lines of a request, checked and laid out in memory of our own that is wiped when the request is over.

internal import Ccurl
internal import Secrets

/// Header lines, each ended by a zero byte, one after the other.
struct HeaderLines: ~Copyable {
  private var bytes: [UInt8] = []
  private var starts: [Int] = []

  /// Fields that frame the message or choose the connection: libcurl's own business.
  private static let reserved: Set<String> = [
    "connection", "content-length", "expect", "host", "keep-alive", "proxy-authorization", "proxy-connection", "te",
    "trailer", "transfer-encoding", "upgrade",
  ]

  /// Lays out the request's fields; what could split a line, or is not a field's name, is refused.
  init(_ request: HTTPRequest) throws(TransportError) {
    var capacity = 128
    var names: Set<String> = []
    for (name, value) in request.headers {
      guard !name.isEmpty, name.utf8.allSatisfy(HeaderLines.isToken) else {
        throw TransportError(fate: .notSent, reason: "'\(name)' is no header's name")
      }
      names.insert(name.lowercased())
      guard !HeaderLines.reserved.contains(name.lowercased()) else {
        throw TransportError(fate: .notSent, reason: "the header \(name) can't be set")
      }
      capacity += name.utf8.count + HeaderLines.count(value) + 4
    }
    // One reservation: growing would leave unwiped copies of a key behind.
    bytes.reserveCapacity(capacity)
    for (name, value) in request.headers where !append(name, value) {
      wipe(&bytes)
      throw TransportError(fate: .notSent, reason: "the header \(name) would hold a control character")
    }
    // libcurl adds these by itself; an empty one takes it back.
    if !names.contains("content-type") { append(line: "Content-Type:") }
    if !names.contains("user-agent") { append(line: "User-Agent: keywright") }
    append(line: "Expect:")
  }

  /// Wipes the lines; the owner's duty (in a deinit, the bytes would be copied first, and the copy wiped).
  mutating func wipeNow() { wipe(&bytes) }

  /// Lends the lines in libcurl's form.
  mutating func withList<R>(_ body: (UnsafeMutablePointer<curl_slist>?) -> R) -> R {
    let starts = starts
    return unsafe bytes.withUnsafeMutableBytes { buffer in
      var nodes: [curl_slist] = unsafe []
      for start in starts {
        let data = unsafe buffer.baseAddress.map { unsafe ($0 + start).assumingMemoryBound(to: CChar.self) }
        unsafe nodes.append(curl_slist(data: data, next: nil))
      }
      return unsafe nodes.withUnsafeMutableBufferPointer { nodes in
        for index in nodes.indices.dropLast() {
          unsafe nodes[index].next = nodes.baseAddress.map { unsafe $0 + index + 1 }
        }
        return unsafe body(nodes.baseAddress)
      }
    }
  }

  private mutating func append(line: String) {
    starts.append(bytes.count)
    bytes.append(contentsOf: line.utf8)
    bytes.append(0)
  }

  private mutating func append(_ name: String, _ value: SensitiveText) -> Bool {
    starts.append(bytes.count)
    bytes.append(contentsOf: name.utf8)
    // A name with a semicolon is libcurl's form of a field without a value.
    bytes.append(contentsOf: (HeaderLines.count(value) == 0 ? ";" : ": ").utf8)
    for piece in value.pieces {
      switch piece {
      case .text(let text):
        for byte in text.utf8 where !append(byte) { return false }
      case .secret(let secret):
        let isPlain = secret.withBytes { secret in
          for index in 0..<secret.count where !append(secret[index]) { return false }
          return true
        }
        if !isPlain { return false }
      }
    }
    bytes.append(0)
    return true
  }

  private mutating func append(_ byte: UInt8) -> Bool {
    guard byte == 0x09 || byte >= 0x20 && byte != 0x7f else { return false }
    bytes.append(byte)
    return true
  }

  private static func count(_ value: SensitiveText) -> Int {
    value.pieces.reduce(0) { sum, piece in
      switch piece {
      case .text(let text): sum + text.utf8.count
      case .secret(let secret): sum + secret.count
      }
    }
  }

  private static func isToken(_ byte: UInt8) -> Bool {
    switch byte {
    case 0x30...0x39, 0x41...0x5a, 0x61...0x7a: true
    default: "!#$%&'*+-.^_`|~".utf8.contains(byte)
    }
  }
}
