// What goes back: a status, a JSON document, headers. Every refusal has the same shape: {"detail": "..."}.

internal import FlyingFox
internal import FlyingSocks
internal import Foundation
internal import Synchronization

/// An answer before it becomes bytes.
struct Answer: Sendable {
  var status: Int
  var body: Data
  var headers: [(name: String, value: String)] = []
  /// Whether the connection ends with it.
  var endsConnection = false

  static func json(_ status: Int, _ value: some Encodable) -> Answer {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    guard let body = try? encoder.encode(value) else { return .refusal(500, "the answer could not be written") }
    return Answer(status: status, body: body)
  }

  static func refusal(_ status: Int, _ detail: String, keyID: String? = nil) -> Answer {
    var members = ["detail": detail]
    members["key_id"] = keyID
    // Strings only: encoding them can't fail.
    let body =
      (try? JSONSerialization.data(withJSONObject: members, options: [.sortedKeys, .withoutEscapingSlashes])) ?? Data()
    return Answer(status: status, body: body)
  }

  static let noContent = Answer(status: 204, body: Data())

  /// Refusals of the store.
  init(_ error: AuthorityError) {
    switch error {
    case .invalid(let reason): self = .refusal(400, reason)
    case .forbidden(let reason): self = .refusal(403, reason)
    case .unknownKey: self = .refusal(404, "No such key")
    case .conflict(let reason): self = .refusal(409, reason)
    case .duplicateReference(let keyID):
      self = .refusal(409, "This reference has already made a key", keyID: keyID)
    case .storage, .cannotOpen, .notAKeyDatabase:
      // The reason is for the log of the one who runs the service, not for the caller.
      self = .refusal(503, "The key database is not available")
      headers.append((name: "Retry-After", value: "1"))
    }
  }

  init(status: Int, body: Data) {
    self.status = status
    self.body = body
  }

  /// The answer as FlyingFox sends it. `attendance` is dropped when the last byte has been handed to the system.
  func response(_ attendance: Attendance.Mark) -> HTTPResponse {
    var fields = HTTPHeaders()
    if !body.isEmpty { fields[.contentType] = "application/json" }
    // Some answers hold a value; none is worth keeping.
    fields[.cacheControl] = "no-store"
    for (name, value) in headers { fields[HTTPHeader(name)] = value }
    if endsConnection { fields[.connection] = "close" }
    let content = Content(bytes: Array(body), endsConnection: endsConnection, attendance: attendance)
    return HTTPResponse(
      statusCode: HTTPStatusCode(status, phrase: Answer.phrases[status] ?? "Status"), headers: fields,
      body: HTTPBodySequence(from: content, count: body.count))
  }

  private static let phrases = [
    200: "OK", 201: "Created", 204: "No Content", 400: "Bad Request", 401: "Unauthorized", 403: "Forbidden",
    404: "Not Found", 405: "Method Not Allowed", 409: "Conflict", 413: "Content Too Large",
    415: "Unsupported Media Type", 429: "Too Many Requests", 500: "Internal Server Error", 503: "Service Unavailable",
  ]
}

/// The body of an answer. Where the connection is to end, its end is an error: FlyingFox closes a connection only when the
/// request asked for it or when sending fails, and behind a body that we refused to read to its end there is no next request.
private struct Content: AsyncBufferedSequence, AsyncBufferedIteratorProtocol {
  struct Ended: Error {}

  var bytes: [UInt8]
  let endsConnection: Bool
  let attendance: Attendance.Mark

  func makeAsyncIterator() -> Content { self }

  mutating func next() async throws -> UInt8? {
    try await nextBuffer(suggested: 1)?.first
  }

  mutating func nextBuffer(suggested count: Int) async throws -> [UInt8]? {
    guard !bytes.isEmpty else {
      if endsConnection { throw Ended() }
      return nil
    }
    let taken = Array(bytes.prefix(count > 0 ? count : 1))
    bytes.removeFirst(taken.count)
    return taken
  }
}

/// Counts the requests under way, from their arrival until their answer is sent or given up.
final class Attendance: Sendable {
  private let present = Mutex(0)

  /// Stands for one request; the request is over when this is dropped.
  final class Mark: Sendable {
    private let attendance: Attendance

    init(_ attendance: Attendance) {
      self.attendance = attendance
      attendance.present.withLock { $0 += 1 }
    }

    deinit { attendance.present.withLock { $0 -= 1 } }
  }

  /// How many are under way.
  var count: Int { present.withLock { $0 } }
}
