// MySQL and MariaDB over MariaDB's client library: connecting, one statement, and an exact answer to what a failure means.

internal import Glibc
public import Secrets
internal import Synchronization

/// Opens connections to MySQL and MariaDB.
public struct MySQLDriver: DatabaseDriver {
  private let timeoutSeconds: UInt32

  /// A driver; connecting and each statement may take so long.
  public init(timeoutSeconds: UInt32 = 30) { self.timeoutSeconds = timeoutSeconds }

  /// Connects as a user; nothing is asked of the server but to let that user in.
  public func connect(
    _ address: DatabaseAddress, user: String, password: Secret
  ) throws(DatabaseError) -> any DatabaseConnection {
    guard let library = LibMariaDB.shared else {
      throw DatabaseError(.unreachable, "libmariadb could not be opened (Debian's package libmariadb3 has it)")
    }
    guard !address.isEncrypted || address.checksHost else {
      throw DatabaseError(
        .unreachable, "with MySQL and MariaDB a certificate is checked together with the host's name, or not at all")
    }
    // The certificate is for the name, so the name is what the library gets; its addresses are judged all the same.
    let addresses = try HostGuard.check(address)
    let connection = try MySQLConnection(library, address)
    try connection.open(
      host: address.isEncrypted ? address.host : addresses?.first, user: user, password: password,
      timeoutSeconds: timeoutSeconds)
    return connection
  }
}

/// One connection.
@safe final class MySQLConnection: DatabaseConnection {
  private enum Option: UInt32 {
    case connectTimeout = 0
    case characterSet = 7
    case localFiles = 8
    case protocolKind = 9
    case readTimeout = 11
    case writeTimeout = 12
    case verifyCertificate = 21
    case certificates = 27
    case enforceTLS = 38
  }
  /// `ER_ACCESS_DENIED_ERROR`.
  private static let accessDenied: UInt32 = 1_045
  private static let clientErrors: Range<UInt32> = 2_000..<3_000
  /// The library is set up by the first connection, which is not to meet another.
  private static let setUp = Mutex(())
  private let library: LibMariaDB
  private let handle: Opaque
  private let address: DatabaseAddress

  init(_ library: LibMariaDB, _ address: DatabaseAddress) throws(DatabaseError) {
    self.library = library
    self.address = address
    let opened = MySQLConnection.setUp.withLock { _ in
      unsafe UInt(bitPattern: library.initialise(nil))
    }
    guard let opened = unsafe Opaque(bitPattern: opened) else {
      throw DatabaseError(.unreachable, "libmariadb has no memory for a connection")
    }
    unsafe handle = opened
  }

  deinit { unsafe library.close(handle) }

  /// Connects.
  func open(
    host: String?, user: String, password: Secret, timeoutSeconds: UInt32
  ) throws(DatabaseError) {
    var secret = password.copyBytes() + [0]
    defer { wipe(&secret) }
    guard !secret.dropLast().contains(0), !user.utf8.contains(0), !(address.name ?? "").utf8.contains(0) else {
      throw DatabaseError(.unreachable, "a zero byte in user, password or database can't be sent")
    }
    set(.connectTimeout, timeoutSeconds)
    set(.readTimeout, timeoutSeconds)
    set(.writeTimeout, timeoutSeconds)
    set(.localFiles, 0)
    // Over TCP or over a socket, whatever the library would prefer.
    set(.protocolKind, address.isSocket ? 2 : 1)
    set(.characterSet, "utf8mb4")
    if address.isEncrypted {
      set(.enforceTLS, true)
      set(.verifyCertificate, true)
      set(.certificates, address.certificates ?? DatabaseAddress.systemCertificates)
    }
    let connected = unsafe secret.withUnsafeBytes { secret in
      unsafe library.connect(
        handle, host, user, secret.baseAddress?.assumingMemoryBound(to: CChar.self), address.name,
        UInt32(address.port), address.isSocket ? address.host : nil, 0)
    }
    guard unsafe connected == nil else { return }
    let number = unsafe library.errorNumber(handle)
    if number == MySQLConnection.accessDenied {
      throw DatabaseError(.denied, code: "\(number)", "\(address.text) refused user and password (error \(number))")
    }
    throw DatabaseError(.unreachable, code: "\(number)", "\(address.text) could not be connected to (error \(number))")
  }

  private func set(_ option: Option, _ value: UInt32) {
    var value = value
    _ = unsafe library.set(handle, option.rawValue, &value)
  }

  private func set(_ option: Option, _ value: Bool) {
    var value: CChar = value ? 1 : 0
    _ = unsafe library.set(handle, option.rawValue, &value)
  }

  private func set(_ option: Option, _ text: String) {
    _ = unsafe text.withCString { unsafe library.set(handle, option.rawValue, $0) }
  }

  func run(_ statement: [UInt8]) throws(DatabaseError) -> [[String?]] {
    let failed = unsafe statement.withUnsafeBytes { bytes in
      unsafe library.query(handle, bytes.baseAddress?.assumingMemoryBound(to: CChar.self), UInt(bytes.count))
    }
    guard failed == 0 else { throw failure() }
    guard let result = unsafe library.storeResult(handle) else {
      guard unsafe library.errorNumber(handle) == 0 else { throw failure() }
      return []
    }
    defer { unsafe library.freeResult(result) }
    let columns = unsafe Int(library.fieldCount(result))
    var rows: [[String?]] = []
    while let row = unsafe library.fetchRow(result), let lengths = unsafe library.fetchLengths(result) {
      rows.append(
        (0..<columns).map { column in
          unsafe row[column].map { cell in
            unsafe String(
              decoding: UnsafeRawBufferPointer(start: cell, count: Int(lengths[column])), as: UTF8.self)
          }
        })
    }
    return rows
  }

  private func failure() -> DatabaseError {
    let number = unsafe library.errorNumber(handle)
    // The client's own errors are about the connection; 1053, 1077 and 1317 are those of a server that goes down.
    let isOpen = MySQLConnection.clientErrors.contains(number) || [0, 1_053, 1_077, 1_317].contains(number)
    return DatabaseError(
      isOpen ? .broken : .refused, code: "\(number)", "\(address.text) answered with the error \(number)")
  }
}
