// The second place for an answer that holds a new key: a file whose room is taken before the request is sent, for the case
// that the ledger can't be written when the answer comes (a full disk above all). What is in it is sealed, like all values.

internal import EnvFiles
internal import Formats
internal import Ledger
internal import Posix
internal import Providers
internal import Secrets
internal import Transport

struct Rescue {
  /// Room for the sealed answers of all providers that we know, many times over; a longer one is tried as well.
  private static let reservedBytes = 96 << 10
  private static let maximumBytes = 8 << 20
  private let services: RotationServices
  private let txid: String
  /// A directory of this rotation's own, so that what a crash leaves half-written goes with it.
  private let directory: String
  /// Where it may lie, the best place first: with the ledger, or beside the first file, which may be on another disk.
  private let places: [String]

  init(_ services: RotationServices, _ txid: String, firstFile: String?) {
    self.services = services
    self.txid = txid
    directory = services.ledger.directory + "/rescue/\(txid)"
    var places = [directory + "/answer"]
    if let firstFile, let real = try? Files.realPath(firstFile) {
      places.append(Files.parent(real) + "/.keywright-rescue-\(txid)")
    }
    self.places = places
  }

  /// Takes the room.
  func reserve() throws(SystemError) {
    try Files.makeDirectory(directory, mode: 0o700)
    try Files.replaceAtomically(places[0], [UInt8](repeating: 0, count: Rescue.reservedBytes), mode: 0o600)
  }

  /// Puts an answer away; the path, or nil where no place took it.
  func keep(_ answer: Answer) -> String? {
    guard let box = try? services.ledger.install.sealing.publicKey.seal(answer.body) else { return nil }
    var facts = answer.facts
    facts.set("txid", txid)
    facts.set("box", Hex.encode(box))
    let bytes = Array(facts.json.utf8)
    // The room that was taken is given back first: there is then as much again.
    _ = try? Files.remove(places[0])
    return places.first { (try? Files.replaceAtomically($0, bytes, mode: 0o600)) != nil }
  }

  /// The answer that was put away; nil where there is none.
  func take() -> Answer? {
    for place in places {
      guard let bytes = try? Files.read(place, maximumBytes: Rescue.maximumBytes), bytes.first == 0x7b,
        let node = try? JSON.parse(bytes, name: place), node["txid"]?.string == txid,
        let box = node["box"]?.string.flatMap({ Hex.decode(Array($0.utf8)) }),
        let body = try? services.ledger.install.sealing.open(box), let status = node["status"]?.integer
      else { continue }
      return Answer(
        status: status, retryAfter: node["retry_after"]?.integer, requestID: node["request_id"]?.string, body: body,
        isPartial: node["partial"]?.boolean ?? false)
    }
    return nil
  }

  /// Removes what was reserved or kept.
  func remove() {
    for place in places { _ = try? Files.remove(place) }
    guard let opened = try? Directory(directory) else { return }
    for entry in (try? opened.entries()) ?? [] { _ = try? opened.remove(entry.name) }
    _ = try? Files.remove(directory)
  }
}

/// A raw answer to a request for a new key.
struct Answer {
  var status: Int
  var retryAfter: Int?
  var requestID: String?
  var body: Secret
  /// Whether it broke off.
  var isPartial: Bool

  init(status: Int, retryAfter: Int?, requestID: String?, body: Secret, isPartial: Bool = false) {
    self.status = status
    self.retryAfter = retryAfter
    self.requestID = requestID
    self.body = body
    self.isPartial = isPartial
  }

  init(_ response: HTTPResponse, isPartial: Bool = false, hiding secrets: [Secret]) {
    self.init(
      status: response.status, retryAfter: response.header("retry-after").flatMap { Int($0) },
      requestID: RequestID.of(response, hiding: secrets), body: response.body, isPartial: isPartial)
  }

  var facts: Facts {
    var facts = Facts()
    facts.set("status", status)
    facts.set("request_id", requestID)
    facts.set("retry_after", retryAfter)
    facts.set("bytes", body.count)
    if isPartial { facts.set("partial", true) }
    return facts
  }
}

extension RotationRun {
  /// How often, a second apart, an answer that nothing will hold is offered again to the ledger and to the second place.
  private static let keepingAttempts = 60

  var rescue: Rescue { Rescue(services, txid, firstFile: snapshot.files.first) }

  /// Seals the answer into the ledger, or into the second place where the ledger fails.
  func keep(_ answer: Answer) throws -> Progress {
    var failure = LedgerError(.unusable, "")
    for attempt in 1...RotationRun.keepingAttempts {
      do {
        try advance(.received, answer.facts, values: [("raw-\(replay.attempt)", answer.body)])
        rescue.remove()
        return .goOn
      } catch let error as LedgerError {
        failure = error
      }
      if let path = rescue.keep(answer) {
        return pauseFor(
          "\(failure.reason); the service's answer is put away, sealed, in \(path): put the ledger right, and leave that file"
        )
      }
      if attempt == 1 { services.progress("\(snapshot.name): the answer can't be kept: make room on the disk, now") }
      services.clock.sleep(milliseconds: 1_000)
    }
    return pauseFor("\(failure.reason); the service's answer could not be kept anywhere")
  }
}
