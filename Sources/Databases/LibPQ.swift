// libpq, opened when the first connection is made: the functions that are used.

internal import Glibc

typealias Opaque = UnsafeMutableRawPointer
typealias CText = UnsafePointer<CChar>

/// The functions of libpq.
@safe struct LibPQ: Sendable {
  typealias Start = @convention(c) (UnsafePointer<CText?>?, UnsafePointer<CText?>?, Int32) -> Opaque?
  typealias OfConnection = @convention(c) (Opaque?) -> Int32
  typealias TextOfConnection = @convention(c) (Opaque?) -> CText?
  typealias Release = @convention(c) (Opaque?) -> Void
  typealias SetVerbosity = @convention(c) (Opaque?, Int32) -> Int32
  typealias SendQuery = @convention(c) (Opaque?, CText?) -> Int32
  typealias NextResult = @convention(c) (Opaque?) -> Opaque?
  typealias Field = @convention(c) (Opaque?, Int32) -> CText?
  typealias Cell = @convention(c) (Opaque?, Int32, Int32) -> CText?
  typealias CellIsNull = @convention(c) (Opaque?, Int32, Int32) -> Int32

  let start: Start
  let poll: OfConnection
  let status: OfConnection
  let socket: OfConnection
  let usedPassword: OfConnection
  let message: TextOfConnection
  let finish: Release
  let setVerbosity: SetVerbosity
  let sendQuery: SendQuery
  let isBusy: OfConnection
  let consume: OfConnection
  let nextResult: NextResult
  let resultStatus: OfConnection
  let errorField: Field
  let clear: Release
  let rows: OfConnection
  let columns: OfConnection
  let value: Cell
  let isNull: CellIsNull

  /// The library; nil where it is missing or too old.
  static let shared: LibPQ? = open()

  private static func open() -> LibPQ? {
    guard let library = Library(["libpq.so.5"]),
      let start = unsafe library.function("PQconnectStartParams", as: Start.self),
      let poll = unsafe library.function("PQconnectPoll", as: OfConnection.self),
      let status = unsafe library.function("PQstatus", as: OfConnection.self),
      let socket = unsafe library.function("PQsocket", as: OfConnection.self),
      let usedPassword = unsafe library.function("PQconnectionUsedPassword", as: OfConnection.self),
      let message = unsafe library.function("PQerrorMessage", as: TextOfConnection.self),
      let finish = unsafe library.function("PQfinish", as: Release.self),
      let setVerbosity = unsafe library.function("PQsetErrorVerbosity", as: SetVerbosity.self),
      let sendQuery = unsafe library.function("PQsendQuery", as: SendQuery.self),
      let isBusy = unsafe library.function("PQisBusy", as: OfConnection.self),
      let consume = unsafe library.function("PQconsumeInput", as: OfConnection.self),
      let nextResult = unsafe library.function("PQgetResult", as: NextResult.self),
      let resultStatus = unsafe library.function("PQresultStatus", as: OfConnection.self),
      let errorField = unsafe library.function("PQresultErrorField", as: Field.self),
      let clear = unsafe library.function("PQclear", as: Release.self),
      let rows = unsafe library.function("PQntuples", as: OfConnection.self),
      let columns = unsafe library.function("PQnfields", as: OfConnection.self),
      let value = unsafe library.function("PQgetvalue", as: Cell.self),
      let isNull = unsafe library.function("PQgetisnull", as: CellIsNull.self)
    else { return nil }
    return unsafe LibPQ(
      start: start, poll: poll, status: status, socket: socket, usedPassword: usedPassword, message: message,
      finish: finish, setVerbosity: setVerbosity, sendQuery: sendQuery, isBusy: isBusy, consume: consume,
      nextResult: nextResult, resultStatus: resultStatus, errorField: errorField, clear: clear, rows: rows,
      columns: columns, value: value, isNull: isNull)
  }
}
