// PostgreSQL over libpq: connecting with a deadline, one statement, and an exact answer to what a failure means.

internal import Glibc
public import Secrets

/// Opens connections to PostgreSQL.
public struct PostgreSQLDriver: DatabaseDriver {
  private let timeoutMilliseconds: Int64

  /// A driver; connecting and each statement may take so long.
  public init(timeoutMilliseconds: Int64 = 30_000) { self.timeoutMilliseconds = timeoutMilliseconds }

  /// Connects as a user; nothing is asked of the server but to let that user in.
  public func connect(
    _ address: DatabaseAddress, user: String, password: Secret
  ) throws(DatabaseError) -> any DatabaseConnection {
    guard let library = LibPQ.shared else {
      throw DatabaseError(.unreachable, "libpq could not be opened (Debian's package libpq5 has it)")
    }
    let addresses = try HostGuard.check(address)
    let connection = try PostgreSQLConnection(
      library, PostgreSQLDriver.parameters(address, addresses, user), password, address, timeoutMilliseconds)
    try connection.establish()
    return connection
  }

  /// Everything that the environment or files of the user's home could otherwise decide is set here.
  private static func parameters(
    _ address: DatabaseAddress, _ addresses: [String]?, _ user: String
  ) -> [(String, String)] {
    var parameters = [
      ("host", addresses.map { $0.map { _ in address.host }.joined(separator: ",") } ?? address.host),
      ("port", "\(address.port)"), ("dbname", address.name ?? "postgres"), ("user", user),
      ("application_name", "keywright"), ("client_encoding", "UTF8"), ("passfile", "/dev/null"),
      ("gssencmode", "disable"), ("options", ""), ("replication", "false"),
    ]
    if let addresses { parameters.append(("hostaddr", addresses.joined(separator: ","))) }
    if address.isEncrypted {
      parameters.append(("sslmode", address.checksHost ? "verify-full" : "verify-ca"))
      parameters.append(("sslrootcert", address.certificates ?? DatabaseAddress.systemCertificates))
      parameters.append(("ssl_min_protocol_version", "TLSv1.2"))
    } else {
      parameters.append(("sslmode", "disable"))
    }
    return parameters
  }
}

/// One connection.
@safe final class PostgreSQLConnection: DatabaseConnection {
  private static let connectionOK: Int32 = 0
  private static let commandOK: Int32 = 1
  private static let tuplesOK: Int32 = 2
  private static let emptyQuery: Int32 = 0
  private static let sqlState = Int32(UInt8(ascii: "C"))
  private let library: LibPQ
  private let handle: Opaque
  private let address: DatabaseAddress
  private let timeoutMilliseconds: Int64

  init(
    _ library: LibPQ, _ parameters: [(String, String)], _ password: Secret, _ address: DatabaseAddress,
    _ timeoutMilliseconds: Int64
  ) throws(DatabaseError) {
    self.library = library
    self.address = address
    self.timeoutMilliseconds = timeoutMilliseconds
    // libpq copies what it is given, which is beyond our reach.
    var secret = password.copyBytes() + [0]
    defer { wipe(&secret) }
    guard !secret.dropLast().contains(0) else {
      throw DatabaseError(.unreachable, "the password holds a zero byte, which PostgreSQL can't take")
    }
    guard parameters.allSatisfy({ !$0.1.utf8.contains(0) }) else {
      throw DatabaseError(.unreachable, "the address of the database holds a zero byte")
    }
    let opened = unsafe secret.withUnsafeBytes { secret in
      unsafe CTexts.with(parameters.map(\.0) + ["password"]) { names in
        unsafe CTexts.with(parameters.map(\.1)) { values in
          var all = unsafe values
          unsafe all.insert(secret.baseAddress?.assumingMemoryBound(to: CChar.self), at: values.count - 1)
          return unsafe library.start(names, all, 0)
        }
      }
    }
    guard let opened = unsafe opened else { throw DatabaseError(.unreachable, "libpq has no memory for a connection") }
    unsafe handle = opened
    // Only the code: the text is in the server's language.
    _ = unsafe library.setVerbosity(handle, 3)
  }

  deinit { unsafe library.finish(handle) }

  /// Waits until the connection stands.
  func establish() throws(DatabaseError) {
    let deadline = Moment.now() + timeoutMilliseconds
    // As if the last call had said that there is something to be written.
    var state: Int32 = 2
    while true {
      switch state {
      case 1: try wait(POLLIN, until: deadline)
      case 2: try wait(POLLOUT, until: deadline)
      case 3:
        guard unsafe library.usedPassword(handle) != 0 else {
          throw DatabaseError(
            .unreachable, "\(address.text) did not ask for the password, so nothing is known about it")
        }
        return
      default: throw failure()
      }
      state = unsafe library.poll(handle)
    }
  }

  private func failure() -> DatabaseError {
    let text = unsafe library.message(handle).map { unsafe String(cString: $0) } ?? ""
    // `FATAL:  28P01`, the severity perhaps in another language; several lines where several addresses were tried.
    let code = text.split(separator: "\n").last.flatMap { line in
      line.split(separator: " ").last.map(String.init).flatMap { PostgreSQLConnection.isCode($0) ? $0 : nil }
    }
    if code == "28P01" {
      return DatabaseError(.denied, code: "28P01", "\(address.text) refused the password (28P01)")
    }
    if let code { return DatabaseError(.unreachable, code: code, "\(address.text) refused the connection (\(code))") }
    let reason =
      text.contains("SSL") || text.contains("certificate")
      ? "no secure connection could be made" : "it could not be connected to"
    return DatabaseError(.unreachable, "\(address.text): \(reason)")
  }

  private static func isCode(_ text: String) -> Bool {
    text.utf8.count == 5 && text.utf8.allSatisfy { (0x30...0x39).contains($0) || (0x41...0x5a).contains($0) }
  }

  private func wait(_ events: Int32, until deadline: Int64) throws(DatabaseError) {
    let descriptor = unsafe library.socket(handle)
    guard descriptor >= 0 else { throw failure() }
    var waiting = pollfd(fd: descriptor, events: Int16(events), revents: 0)
    while true {
      let left = deadline - Moment.now()
      guard left > 0 else { throw DatabaseError(.unreachable, "\(address.text) did not answer in time") }
      let ready = unsafe poll(&waiting, 1, Int32(min(left, 60_000)))
      if ready > 0 { return }
      if ready < 0 && errno != EINTR { throw DatabaseError(.unreachable, "\(address.text) could not be waited for") }
    }
  }

  func run(_ statement: [UInt8]) throws(DatabaseError) -> [[String?]] {
    guard !statement.contains(0) else { throw DatabaseError(.refused, "the statement holds a zero byte") }
    var text = statement + [0]
    defer { wipe(&text) }
    let isSent = unsafe text.withUnsafeBytes { bytes in
      unsafe library.sendQuery(handle, bytes.baseAddress?.assumingMemoryBound(to: CChar.self))
    }
    guard isSent == 1 else { throw broken() }
    let deadline = Moment.now() + timeoutMilliseconds
    while unsafe library.isBusy(handle) == 1 {
      do { try wait(POLLIN, until: deadline) } catch { throw DatabaseError(.broken, error.reason) }
      guard unsafe library.consume(handle) == 1 else { throw broken() }
    }
    var rows: [[String?]] = []
    var error: DatabaseError?
    var isAnswered = false
    while let result = unsafe library.nextResult(handle) {
      defer { unsafe library.clear(result) }
      isAnswered = true
      switch unsafe library.resultStatus(result) {
      case PostgreSQLConnection.commandOK, PostgreSQLConnection.emptyQuery: break
      case PostgreSQLConnection.tuplesOK: rows = unsafe self.rows(of: result)
      default: error = unsafe failure(of: result)
      }
    }
    if let error { throw error }
    guard isAnswered, unsafe library.status(handle) == PostgreSQLConnection.connectionOK else { throw broken() }
    return rows
  }

  private func broken() -> DatabaseError { DatabaseError(.broken, "the connection to \(address.text) broke") }

  private func failure(of result: Opaque) -> DatabaseError {
    let code = unsafe library.errorField(result, PostgreSQLConnection.sqlState).map { unsafe String(cString: $0) } ?? ""
    // A server that goes down, or loses track of itself, may have carried the statement out.
    let isOpen = !PostgreSQLConnection.isCode(code) || ["08", "57", "58", "XX"].contains { code.hasPrefix($0) }
    return DatabaseError(
      isOpen ? .broken : .refused, code: code, "\(address.text) answered with the error \(code.isEmpty ? "?" : code)")
  }

  private func rows(of result: Opaque) -> [[String?]] {
    let columns = unsafe library.columns(result)
    return unsafe (0..<library.rows(result)).map { row in
      (0..<columns).map { column in
        if unsafe library.isNull(result, row, column) == 1 { return nil }
        return unsafe library.value(result, row, column).map { unsafe String(cString: $0) }
      }
    }
  }
}

/// Arrays of C strings, ended by a null pointer.
enum CTexts {
  static func with<R>(_ texts: [String], _ body: ([CText?]) -> R) -> R {
    var pointers: [CText?] = unsafe []
    for text in texts { unsafe pointers.append(UnsafePointer(strdup(text))) }
    unsafe pointers.append(nil)
    defer { unsafe pointers.forEach { unsafe free(UnsafeMutablePointer(mutating: $0)) } }
    return unsafe body(pointers)
  }
}

/// Monotonic time.
enum Moment {
  static func now() -> Int64 {
    var time = timespec()
    unsafe clock_gettime(CLOCK_MONOTONIC, &time)
    return Int64(time.tv_sec) * 1_000 + Int64(time.tv_nsec) / 1_000_000
  }
}
