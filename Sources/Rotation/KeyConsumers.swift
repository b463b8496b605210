// Which files hold a configured key, and which of them the configuration lists: a rotation touches no other.

public import EnvFiles
internal import Posix
internal import Secrets

/// A place that holds a configured key.
public struct KeyConsumer: Sendable, Equatable {
  /// Where, and how.
  public var place: ConsumerPlace
  /// Whether the configuration lists this very setting of the file, so that a rotation rewrites it.
  public var isListed: Bool
  /// The variable that the configuration lists for the file; nil where it does not list the file.
  public var listedVariable: String?
}

/// Looks for the value of a configured key.
public enum KeyConsumers {
  /// Every place under the roots that holds the key's current value. Nothing is written and nothing sent.
  ///
  /// - Throws: ``RotationRefusal`` where the key's own files don't tell its value.
  public static func find(
    _ key: ConfiguredKey, under roots: [String], isStopped: () -> Bool = { false }
  ) throws(RotationRefusal) -> (consumers: [KeyConsumer], search: ConsumerSearch) {
    let value = try KeyFiles.currentValue(key)
    let search = Consumers.find(value, under: roots, isStopped: isStopped)
    var listed: [String: [String]] = [:]
    for target in key.targets {
      listed[(try? Files.realPath(target.path)) ?? target.path, default: []].append(target.variable)
    }
    let consumers = search.places.map { place in
      let variables = listed[place.path] ?? []
      return KeyConsumer(
        place: place, isListed: place.key.map(variables.contains) ?? false, listedVariable: variables.first)
    }
    return (consumers, search)
  }
}
