// From a report's occurrence back to the value, which the report does not hold: the object or file is read again, and
// the stated bytes are taken. Whether they are still the same is for the fingerprint to say.

internal import Git
internal import Matching
public import Model
internal import Posix
public import Secrets

/// Why a value can't be read again.
public struct LocatorError: Error, Sendable, Equatable, CustomStringConvertible {
  /// What went wrong, without a final period.
  public var reason: String
  /// The reason.
  public var description: String { reason }
}

/// Reads values again.
public final class Locator {
  private let target: String
  /// By submodule's name; that of the repository itself is empty.
  private var opened: [String: Result<Opened, LocatorError>] = [:]
  private static let maximumBytes = 1 << 30

  /// A locator for a report on `target`: the path of a repository, a directory or a file.
  public init(target: String) { self.target = target }

  /// The value at one occurrence.
  public static func read(_ occurrence: Occurrence, in target: String) throws(LocatorError) -> Secret {
    try Locator(target: target).read(occurrence)
  }

  /// The value at one occurrence; the repository is opened once.
  public func read(_ occurrence: Occurrence) throws(LocatorError) -> Secret {
    guard let object = occurrence.object else { return try readFile(occurrence) }
    let place = try open(occurrence.submodule ?? "").get()
    if occurrence.place == .refName { return try readName(occurrence, place.repository) }
    let reader = place.reader
    let secret: Secret?
    do throws(ObjectFailure) {
      secret = try reader.read(object) { _, bytes in Locator.find(occurrence, bytes) }
    } catch { throw LocatorError(reason: error.description) }
    guard let secret else { throw Locator.outside(occurrence) }
    return secret
  }

  /// A repository and its objects.
  private struct Opened {
    let repository: Repository
    let reader: StoreReader
  }

  private func open(_ submodule: String) -> Result<Opened, LocatorError> {
    if let known = opened[submodule] { return known }
    let result: Result<Opened, LocatorError>
    do {
      let repository = try Repository.open(target).submodule(submodule)
      let store = try HistoryScan.store(repository, maximumBlobBytes: Locator.maximumBytes)
      result = .success(Opened(repository: repository, reader: store.makeReader()))
    } catch {
      result = .failure(LocatorError(reason: "\(error)"))
    }
    opened[submodule] = result
    return result
  }

  /// The value in a ref's name. The report's own path hides it, so the name is known by its object and what is shown.
  private func readName(_ occurrence: Occurrence, _ repository: Repository) throws(LocatorError) -> Secret {
    let references: [Reference]
    do { references = try repository.references() } catch { throw LocatorError(reason: error.reason) }
    for reference in references where reference.target == occurrence.object {
      let name = Array(reference.name.utf8)
      guard let secret = Locator.take(occurrence, name.span) else { continue }
      let shown = Array(secret.redacted.utf8)
      if occurrence.path.bytes == name || !occurrence.path.bytes.ranges(of: shown).isEmpty { return secret }
    }
    throw LocatorError(reason: "the ref is not there any more")
  }

  private func readFile(_ occurrence: Occurrence) throws(LocatorError) -> Secret {
    var bytes: [UInt8]
    do throws(SystemError) { bytes = try fileBytes(occurrence) } catch { throw LocatorError(reason: error.description) }
    defer { wipe(&bytes) }
    guard let secret = Locator.find(occurrence, bytes.span) else { throw Locator.outside(occurrence) }
    return secret
  }

  private func fileBytes(_ occurrence: Occurrence) throws(SystemError) -> [UInt8] {
    guard try Files.status(target).kind == .directory else {
      return try Files.read(target, maximumBytes: Locator.maximumBytes)
    }
    var directory = try Directory(target)
    let parts = occurrence.containerPath.bytes.split(separator: 0x2f)
    for part in parts.dropLast() { directory = try Directory(Array(part), in: directory) }
    return try directory.open(Array(parts.last ?? [])).read(maximumBytes: Locator.maximumBytes)
  }

  /// The value in the bytes of the file or object, or of the member of it that is named.
  private static func find(_ occurrence: Occurrence, _ bytes: Span<UInt8>) -> Secret? {
    guard let member = occurrence.member else { return take(occurrence, bytes) }
    guard var content = ArchiveMembers.read(member, in: bytes, maximumBytes: Locator.maximumBytes) else { return nil }
    defer { wipe(&content) }
    return take(occurrence, content.span)
  }

  static func take(_ occurrence: Occurrence, _ bytes: Span<UInt8>) -> Secret? {
    guard occurrence.offset >= 0, occurrence.length > 0, occurrence.offset <= bytes.count,
      occurrence.length <= bytes.count - occurrence.offset
    else { return nil }
    let stored = bytes.extracting(occurrence.offset..<occurrence.offset + occurrence.length)
    if occurrence.decoders.isEmpty { return Secret(copying: stored) }
    guard var value = Decoders.decode(stored, occurrence.decoders) else { return nil }
    defer { wipe(&value) }
    return Secret(value)
  }

  private static func outside(_ occurrence: Occurrence) -> LocatorError {
    LocatorError(
      reason: "bytes \(occurrence.offset) to \(occurrence.offset + occurrence.length) are not there any more")
  }
}
