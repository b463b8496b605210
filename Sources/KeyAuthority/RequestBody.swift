// Reading a request's body within bounds, and JSON out of it, strictly: a field that is not known is refused, because
// `grace_second` instead of `grace_seconds` would kill a key at once.

internal import FlyingFox
internal import Foundation

/// What came behind the headers.
enum RequestBody {
  /// The body, complete.
  case complete(Data)
  /// More than is accepted. The connection can't be used any further.
  case tooLarge

  /// The largest body that is accepted, in bytes.
  static let limit = 64 * 1024
  /// How much of a refused body is read and dropped, so that the client gets to read the answer instead of a reset.
  private static let courtesy = 1024 * 1024

  static func read(_ request: HTTPRequest) async throws -> RequestBody {
    var body = Data()
    var seen = 0
    for try await chunk in request.bodySequence {
      seen += chunk.count
      if seen <= limit { body.append(chunk) }
      if seen > courtesy { break }
    }
    return seen <= limit ? .complete(body) : .tooLarge
  }
}

/// A JSON object from a request, read field by field.
struct StrictObject: Decodable {
  /// What is wrong with a body.
  struct Fault: Error {
    let status: Int
    let detail: String
  }

  private struct Name: CodingKey {
    var stringValue: String
    var intValue: Int? { nil }
    init(stringValue: String) { self.stringValue = stringValue }
    init?(intValue: Int) { nil }
  }

  private let members: KeyedDecodingContainer<Name>?

  init(from decoder: any Decoder) throws {
    members = try decoder.container(keyedBy: Name.self)
  }

  /// The object in `body`, whose fields must be among `known` (nil: any). An absent body is an empty object.
  init(_ body: Data, contentType: String?, known: [String]?) throws(Fault) {
    guard !body.isEmpty else {
      members = nil
      return
    }
    let media = contentType?.split(separator: ";").first.map { $0.trimmingCharacters(in: .whitespaces).lowercased() }
    guard media == "application/json" else {
      throw Fault(status: 415, detail: "the body must be sent as Content-Type: application/json")
    }
    guard let object = try? JSONDecoder().decode(StrictObject.self, from: body) else {
      throw Fault(status: 400, detail: "the body is not a JSON object")
    }
    self = object
    guard let known, let stranger = members?.allKeys.map(\.stringValue).sorted().first(where: { !known.contains($0) })
    else { return }
    // Only what looks like a misspelt field is repeated; anything else might be a value in the wrong place.
    let isWord = stranger.utf8.count <= 24 && stranger.utf8.allSatisfy { (0x61...0x7a).contains($0) || $0 == 0x5f }
    throw Fault(
      status: 400, detail: "unknown field\(isWord ? " \(stranger)" : ""); known are \(known.joined(separator: ", "))")
  }

  /// A text; nil where it is absent or null.
  func text(_ name: String) throws(Fault) -> String? { try value(name, is: "a string") }

  /// A list of texts; nil where it is absent or null.
  func texts(_ name: String) throws(Fault) -> [String]? { try value(name, is: "a list of strings") }

  /// A whole number; nil where it is absent or null.
  func integer(_ name: String) throws(Fault) -> Int? { try value(name, is: "a whole number") }

  private func value<T: Decodable>(_ name: String, is kind: String) throws(Fault) -> T? {
    do {
      return try members?.decodeIfPresent(T.self, forKey: Name(stringValue: name))
    } catch {
      throw Fault(status: 400, detail: "\(name) must be \(kind)")
    }
  }
}
