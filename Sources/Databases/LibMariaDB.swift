// MariaDB's client library, which speaks to MySQL too; opened when the first connection is made: the functions that are
// used.

/// The functions of libmariadb.
@safe struct LibMariaDB: Sendable {
  typealias Start = @convention(c) (Opaque?) -> Opaque?
  typealias Set = @convention(c) (Opaque?, UInt32, UnsafeRawPointer?) -> Int32
  typealias Connect =
    @convention(c) (Opaque?, CText?, CText?, CText?, CText?, UInt32, CText?, UInt) -> Opaque?
  typealias Query = @convention(c) (Opaque?, CText?, UInt) -> Int32
  typealias OfConnection = @convention(c) (Opaque?) -> UInt32
  typealias TextOfConnection = @convention(c) (Opaque?) -> CText?
  typealias Result = @convention(c) (Opaque?) -> Opaque?
  typealias Row = @convention(c) (Opaque?) -> UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>?
  typealias Lengths = @convention(c) (Opaque?) -> UnsafeMutablePointer<UInt>?
  typealias Release = @convention(c) (Opaque?) -> Void

  let initialise: Start
  let set: Set
  let connect: Connect
  let query: Query
  let errorNumber: OfConnection
  let serverInformation: TextOfConnection
  let storeResult: Result
  let fieldCount: OfConnection
  let fetchRow: Row
  let fetchLengths: Lengths
  let freeResult: Release
  let close: Release

  /// The library; nil where it is missing.
  static let shared: LibMariaDB? = open()

  private static func open() -> LibMariaDB? {
    guard let library = Library(["libmariadb.so.3"]),
      let initialise = unsafe library.function("mysql_init", as: Start.self),
      let set = unsafe library.function("mysql_options", as: Set.self),
      let connect = unsafe library.function("mysql_real_connect", as: Connect.self),
      let query = unsafe library.function("mysql_real_query", as: Query.self),
      let errorNumber = unsafe library.function("mysql_errno", as: OfConnection.self),
      let serverInformation = unsafe library.function("mysql_get_server_info", as: TextOfConnection.self),
      let storeResult = unsafe library.function("mysql_store_result", as: Result.self),
      let fieldCount = unsafe library.function("mysql_num_fields", as: OfConnection.self),
      let fetchRow = unsafe library.function("mysql_fetch_row", as: Row.self),
      let fetchLengths = unsafe library.function("mysql_fetch_lengths", as: Lengths.self),
      let freeResult = unsafe library.function("mysql_free_result", as: Release.self),
      let close = unsafe library.function("mysql_close", as: Release.self)
    else { return nil }
    return unsafe LibMariaDB(
      initialise: initialise, set: set, connect: connect, query: query, errorNumber: errorNumber,
      serverInformation: serverInformation, storeResult: storeResult, fieldCount: fieldCount, fetchRow: fetchRow,
      fetchLengths: fetchLengths, freeResult: freeResult, close: close)
  }
}
