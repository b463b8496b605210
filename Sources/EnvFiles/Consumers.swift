// Every file under some directories that holds a key, as it is or composed: what the configuration must list before a
// rotation may touch it. Nothing is written.

public import Formats
internal import Posix
public import Secrets

/// A place that holds a key.
public struct ConsumerPlace: Sendable, Equatable {
  /// How the key stands there.
  public enum Form: String, Sendable {
    /// The value is the key.
    case whole
    /// The key is a part of a longer value: a URL, a list, a header.
    case part
    /// The key is a part, percent-encoded.
    case percent
    /// The key is a part, with JSON's escapes.
    case json
    /// The key is inside base64, alone or with others, as in `user:key`.
    case base64
  }

  /// The file: absolute, links resolved.
  public var path: String
  /// How the file is read; nil for text whose settings are not known.
  public var format: SettingFormat?
  /// The setting's key as ``SettingFormat`` names it; nil where there is none.
  public var key: String?
  /// The line, counted from 1.
  public var line: Int
  /// How the key stands there.
  public var form: Form
}

/// A file or directory that was not looked at.
public struct UnreadPlace: Sendable, Equatable {
  /// The path.
  public var path: String
  /// Why.
  public var reason: String
}

/// What a search found.
public struct ConsumerSearch: Sendable {
  /// In the order of their paths.
  public internal(set) var places: [ConsumerPlace] = []
  /// What could not be read.
  public internal(set) var unread: [UnreadPlace] = []
  /// How many files were read.
  public internal(set) var files = 0
  /// Whether it was stopped before its end.
  public internal(set) var isStopped = false
}

/// Looks for a key in files.
public enum Consumers {
  /// Directories in which no file of anybody's lies.
  private static let kernels: Set<String> = ["/proc", "/sys", "/dev"]

  /// Every place under the roots that holds the value.
  ///
  /// Links are not followed: what they lead to is found where it is, if it is under a root. `.git` is not entered (what
  /// history holds is the business of a scan), and files beyond ``EnvFiles/maximumFileBytes`` are named as unread.
  ///
  /// - Parameters:
  ///   - value: the key; one shorter than 8 bytes is found only as a whole setting.
  ///   - roots: directories and files.
  ///   - isStopped: asked before each file.
  public static func find(
    _ value: Secret, under roots: [String], isStopped: () -> Bool = { false }
  ) -> ConsumerSearch {
    var search = ConsumerSearch()
    let needle = Needle(value)
    var seen: Set<String> = []
    for root in roots {
      let real: String
      do throws(SystemError) { real = try Files.realPath(root) } catch {
        search.unread.append(UnreadPlace(path: root, reason: error.reason))
        continue
      }
      if (try? Files.status(real).kind) == .regular {
        look(at: real, needle, &search, &seen) { () throws(SystemError) in try OpenFile(real) }
        continue
      }
      DirectoryWalk.walk(real) { entry in
        if search.isStopped || isStopped() {
          search.isStopped = true
          return false
        }
        let path = join(real, entry.path)
        switch entry.kind {
        case .directory: return entry.name != Array(".git".utf8) && !kernels.contains(path)
        case .regular:
          look(at: path, needle, &search, &seen) { () throws(SystemError) in try entry.directory.open(entry.name) }
        default: break
        }
        return false
      } failed: { below, error in
        search.unread.append(UnreadPlace(path: join(real, below), reason: error.reason))
      }
    }
    search.places.sort { ($0.path, $0.line, $0.key ?? "") < ($1.path, $1.line, $1.key ?? "") }
    return search
  }

  private static func join(_ root: String, _ below: [UInt8]) -> String {
    let text = String(decoding: below, as: UTF8.self)
    return text.isEmpty ? root : root == "/" ? "/" + text : "\(root)/\(text)"
  }

  private static func look(
    at path: String, _ needle: Needle, _ search: inout ConsumerSearch, _ seen: inout Set<String>,
    open: () throws(SystemError) -> OpenFile
  ) {
    guard seen.insert(path).inserted else { return }
    var bytes: [UInt8]
    do throws(SystemError) { bytes = try open().read(maximumBytes: EnvFiles.maximumFileBytes) } catch {
      // Gone meanwhile, or something else took its name.
      if !error.isMissing { search.unread.append(UnreadPlace(path: path, reason: error.reason)) }
      return
    }
    defer { wipe(&bytes) }
    search.files += 1
    // Kubernetes' base64 is decoded by its reader: a short key has no core there.
    guard needle.mayStand(in: bytes.span) || needle.value.count < Needle.minimumBytes else { return }
    search.places += places(path, bytes, needle)
  }

  private static func places(_ path: String, _ bytes: [UInt8], _ needle: Needle) -> [ConsumerPlace] {
    for format in ConsumerFormat.candidates(path, bytes) {
      guard let settings = try? format.parse(bytes, name: path) else { continue }
      let found = settings.compactMap { setting -> ConsumerPlace? in
        guard let form = form(setting, needle) else { return nil }
        return ConsumerPlace(path: path, format: format, key: setting.key, line: setting.line, form: form)
      }
      if !found.isEmpty { return found }
    }
    let lines = bytes.indices.filter { bytes[$0] == 0x0a }
    return needle.places(in: bytes.span).map { place in
      let line = lines.count { $0 < place.range.lowerBound } + 1
      return ConsumerPlace(path: path, format: nil, key: nil, line: line, form: form(place))
    }
  }

  private static func form(_ setting: Setting, _ needle: Needle) -> ConsumerPlace.Form? {
    // What is in doubt still holds the key.
    let text = setting.value ?? setting.token
    if text == needle.value { return .whole }
    return text.withBytes { needle.places(in: $0).first }.map(form)
  }

  private static func form(_ place: Needle.Place) -> ConsumerPlace.Form {
    switch place.form {
    case .plain: .part
    case .percent: .percent
    case .json: .json
    case .base64: .base64
    }
  }
}

/// What kind of file one is that nobody has described.
enum ConsumerFormat {
  /// The readers to try, the likeliest first; none for text of which nothing is known.
  static func candidates(_ path: String, _ bytes: [UInt8]) -> [SettingFormat] {
    let name = path.split(separator: "/").last.map(String.init) ?? path
    let inferred = SettingFormat.inferred(from: path)
    if inferred == [.yaml] {
      return Needle.first(Array("kind: Secret".utf8).span, in: bytes.span, from: 0) == nil
        ? [.yaml] : [.kubernetesSecret, .yaml]
    }
    // A dotenv reader takes anything with a sign of equality for a setting.
    if inferred == [.dotenv(.dotenv)] {
      let isEnvironment = name.hasPrefix(".env") || name == "env" || name == "environment" || name.hasSuffix(".env")
      if !isEnvironment { return [] }
      return [.dotenv(.dotenv), .dotenv(.systemd), .dotenv(.docker)]
    }
    return inferred
  }
}
