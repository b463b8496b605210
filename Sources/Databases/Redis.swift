// Redis' protocol (RESP 2), which Valkey and others speak too: commands as lists of byte strings, answers of five kinds.

public import Secrets
internal import Transport

/// Opens connections to Redis.
public struct RedisDriver: DatabaseDriver {
  private let timeoutSeconds: Double

  /// A driver; connecting and each answer may take so long.
  public init(timeoutSeconds: Double = 15) { self.timeoutSeconds = timeoutSeconds }

  /// Connects as a user; nothing is asked of the server but to let that user in.
  public func connect(
    _ address: DatabaseAddress, user: String, password: Secret
  ) throws(DatabaseError) -> any DatabaseConnection {
    let stream: ByteStream
    do throws(TransportError) {
      stream = try ByteStream(
        host: address.host, port: address.port, isEncrypted: address.isEncrypted, checksHost: address.checksHost,
        certificates: address.certificates, timeoutSeconds: timeoutSeconds)
    } catch {
      throw DatabaseError(.unreachable, error.reason)
    }
    let connection = RedisConnection(stream, address)
    try connection.authenticate(user, password)
    return connection
  }
}

/// One answer.
enum RESPValue: Equatable {
  case simple(String)
  case error(String)
  case integer(Int)
  case bulk([UInt8]?)
  case list([RESPValue]?)

  /// As text, where it is one thing.
  var text: String? {
    switch self {
    case .simple(let text): text
    case .integer(let number): "\(number)"
    case .bulk(let bytes): bytes.map { String(decoding: $0, as: UTF8.self) }
    case .error, .list: nil
    }
  }
}

/// One connection. A statement is words parted by zero bytes, which stand in no user's name, and in no password that a
/// program of ours makes.
final class RedisConnection: DatabaseConnection {
  private static let maximumBytes = 1 << 20
  private static let maximumDepth = 8
  private let stream: ByteStream
  private let address: DatabaseAddress
  private var buffer: [UInt8] = []
  private var at = 0

  init(_ stream: ByteStream, _ address: DatabaseAddress) {
    self.stream = stream
    self.address = address
  }

  deinit { wipe(&buffer) }

  func authenticate(_ user: String, _ password: Secret) throws(DatabaseError) {
    var secret = password.copyBytes()
    defer { wipe(&secret) }
    let answer: RESPValue
    do { answer = try send([Array("AUTH".utf8), Array(user.utf8), secret]) } catch {
      // Nothing but a question was asked.
      throw DatabaseError(.unreachable, error.reason)
    }
    guard case .error(let text) = answer else { return }
    let code = RedisConnection.code(text)
    if code == "WRONGPASS" {
      throw DatabaseError(.denied, code: code, "\(address.text) refused user and password (WRONGPASS)")
    }
    throw DatabaseError(.unreachable, code: code, "\(address.text) did not let us in (\(code))")
  }

  func run(_ statement: [UInt8]) throws(DatabaseError) -> [[String?]] {
    let words = statement.split(separator: 0, omittingEmptySubsequences: false).map(Array.init)
    switch try send(words) {
    case .error(let text):
      let code = RedisConnection.code(text)
      // A server that is loading, or that lost its master, did nothing.
      throw DatabaseError(.refused, code: code, "\(address.text) answered with the error \(code)")
    case .list(let items): return (items ?? []).map { [$0.text] }
    case let value: return [[value.text]]
    }
  }

  /// The word before the first space: what follows may repeat an argument.
  private static func code(_ text: String) -> String {
    let word = text.prefix { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "_") }
    return word.isEmpty ? "?" : String(word.prefix(32))
  }

  private func send(_ words: [[UInt8]]) throws(DatabaseError) -> RESPValue {
    var command: [UInt8] = []
    command.reserveCapacity(words.reduce(64) { $0 + $1.count + 32 })
    defer { wipe(&command) }
    command.append(contentsOf: "*\(words.count)\r\n".utf8)
    for word in words {
      command.append(contentsOf: "$\(word.count)\r\n".utf8)
      command.append(contentsOf: word)
      command.append(contentsOf: "\r\n".utf8)
    }
    do throws(TransportError) { try stream.send(command) } catch { throw DatabaseError(.broken, error.reason) }
    return try value(depth: 0)
  }

  // MARK: - Answers

  private func value(depth: Int) throws(DatabaseError) -> RESPValue {
    guard depth < RedisConnection.maximumDepth else { throw nonsense() }
    let line = try line()
    guard let kind = line.first else { throw nonsense() }
    let rest = String(decoding: line.dropFirst(), as: UTF8.self)
    switch kind {
    case 0x2b: return .simple(rest)
    case 0x2d: return .error(rest)
    case 0x3a: return .integer(try number(rest))
    case 0x24:
      let count = try number(rest)
      if count < 0 { return .bulk(nil) }
      let bytes = try take(count)
      guard try take(2) == [0x0d, 0x0a] else { throw nonsense() }
      return .bulk(bytes)
    case 0x2a:
      let count = try number(rest)
      if count < 0 { return .list(nil) }
      guard count <= 65_536 else { throw nonsense() }
      var items: [RESPValue] = []
      for _ in 0..<count { items.append(try value(depth: depth + 1)) }
      return .list(items)
    default: throw nonsense()
    }
  }

  private func nonsense() -> DatabaseError { DatabaseError(.broken, "\(address.text) does not speak Redis' protocol") }

  private func number(_ text: String) throws(DatabaseError) -> Int {
    guard let number = Int(text), number <= RedisConnection.maximumBytes else { throw nonsense() }
    return number
  }

  private func line() throws(DatabaseError) -> [UInt8] {
    var line: [UInt8] = []
    while true {
      let byte = try take(1)
      if byte == [0x0a] {
        guard line.popLast() == 0x0d else { throw nonsense() }
        return line
      }
      line += byte
      guard line.count <= 65_536 else { throw nonsense() }
    }
  }

  private func take(_ count: Int) throws(DatabaseError) -> [UInt8] {
    while buffer.count - at < count {
      let more: [UInt8]
      do throws(TransportError) { more = try stream.receive() } catch { throw DatabaseError(.broken, error.reason) }
      if at > 0 {
        buffer.removeFirst(at)
        at = 0
      }
      buffer += more
      guard buffer.count <= 2 * RedisConnection.maximumBytes else { throw nonsense() }
    }
    defer { at += count }
    return Array(buffer[at..<at + count])
  }
}
