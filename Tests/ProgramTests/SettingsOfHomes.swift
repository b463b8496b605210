// Settings in a developer's home: command-line clients of clouds and services, notebooks, media and the house itself.

let homeFiles: [SettingsFile] = [
  SettingsFile("home/.authinfo", "machine imap.«host» login «user» password «!strong» port 993\n"),
  SettingsFile("home/.wakatime.cfg", "[settings]\napi_key = «!uuid»\n"),
  SettingsFile("home/.kaggle/kaggle.json", #"{"username":"«user»","key":"«!hex:32»"}"#),
  SettingsFile("home/.vercel/auth.json", #"{"token": "«!base62:24»"}"#),
  SettingsFile(
    "home/.config/gcloud/application_default_credentials.json",
    #"""
    {
      "client_id": "«user».apps.googleusercontent.com",
      "client_secret": "«!base62:24»",
      "refresh_token": "«!base62:60»",
      "type": "authorized_user"
    }
    """#),
  SettingsFile("home/.fly/config.yml", "access_token: «!base62:43»\n"),
  SettingsFile("home/.config/doctl/config.yaml", "access-token: «!hex:64»\ncontext: default\n"),
  SettingsFile(
    "home/.config/hcloud/cli.toml", "active_context = \"x\"\n[[contexts]]\n  name = \"x\"\n  token = \"«!base62:64»\"\n"
  ),
  SettingsFile("home/.ngrok2/ngrok.yml", "authtoken: «!base62:43»\nregion: eu\n"),
  SettingsFile(
    "home/.cloudflared/tunnel.json", #"{"AccountTag":"«hex:32»","TunnelSecret":"«!base64:44»","TunnelID":"«uuid»"}"#),
  SettingsFile(
    "home/.terraform.d/credentials.tfrc.json", #"{"credentials": {"tf.«host»": {"token": "«!base62:40»"}}}"#),
  SettingsFile("home/.snowsql/config", "[connections]\naccountname = x\nusername = «user»\npassword = «!password»\n"),
  SettingsFile("home/.databrickscfg", "[DEFAULT]\nhost = https://db.«host»\ntoken = «!hex:36»\n"),
  SettingsFile(
    "home/.dbt/profiles.yml",
    "shop:\n  outputs:\n    dev:\n      type: postgres\n      user: «user»\n      pass: «!password»\n      port: 5432\n"
  ),
  SettingsFile(
    "home/airflow/airflow.cfg",
    "[core]\nfernet_key = «!base64:44»\n[database]\nsql_alchemy_conn = postgresql://«user»:«!strong»@db.«host»/airflow\n[webserver]\nsecret_key = «!hex:32»\n"
  ),
  SettingsFile(
    "home/odoo.conf", "[options]\nadmin_passwd = «!password»\ndb_user = «user»\ndb_password = «!password»\n"),
  SettingsFile("home/.circleci/cli.yml", "host: https://ci.«host»\ntoken: «!hex:40»\n"),
  SettingsFile(
    "home/.flyrc",
    "targets:\n  main:\n    api: https://ci.«host»\n    token:\n      type: bearer\n      value: «!base62:60»\n"),
  SettingsFile(
    "home/.rancher/cli2.json", #"{"Servers":{"x":{"accessKey":"token-«alnum:5»","secretKey":"«!alnum:54»"}}}"#),
  SettingsFile(
    "home/nomad.hcl", "vault {\n  enabled = true\n  token   = \"«!base62:26»\"\n}\nencrypt = \"«?base64:24»\"\n"),
  SettingsFile(
    "home/gitlab-runner/config.toml", "[[runners]]\n  url = \"https://git.«host»/\"\n  token = \"«!base62:20»\"\n"),
  SettingsFile(
    "home/telegraf.conf",
    "[[outputs.influxdb_v2]]\n  urls = [\"http://influx:8086\"]\n  token = \"«!base64:88»\"\n[[inputs.mysql]]\n  servers = [\"«user»:«!strong»@tcp(127.0.0.1:3306)/\"]\n"
  ),
  SettingsFile(
    "home/logstash.conf",
    "output {\n  elasticsearch {\n    hosts => [\"https://es:9200\"]\n    user => \"«user»\"\n    password => \"«!password»\"\n  }\n}\n"
  ),
  SettingsFile(
    "home/filebeat.yml",
    "output.elasticsearch:\n  hosts: [\"https://es:9200\"]\n  username: \"«user»\"\n  password: \"«!password»\"\n"),
  SettingsFile("home/nagios/resource.cfg", "$USER1$=/usr/lib/nagios/plugins\n$USER3$=«user»\n"),
  SettingsFile(
    "home/collectd.conf",
    "<Plugin mysql>\n  <Database x>\n    User \"«user»\"\n    Password \"«!password»\"\n  </Database>\n</Plugin>\n"),
  SettingsFile("home/monitrc", "set httpd port 2812\n  allow «user»:\"«?strong»\"\n"),
  SettingsFile(
    "home/supervisord.conf", "[inet_http_server]\nport=127.0.0.1:9001\nusername=«user»\npassword=«!password»\n"),
  SettingsFile(
    "home/homeassistant/secrets.yaml",
    "http_password: «!password»\nwifi_password: \"«!password»\"\nmqtt_pass: «!password»\n"),
  SettingsFile(
    "home/esphome/node.yaml",
    "wifi:\n  ssid: \"house\"\n  password: \"«!password»\"\napi:\n  encryption:\n    key: \"«!base64:44»\"\nota:\n  password: \"«!hex:32»\"\n"
  ),
  SettingsFile(
    "home/frigate.yml",
    "cameras:\n  door:\n    ffmpeg:\n      inputs:\n        - path: rtsp://«user»:«!strong»@10.0.0.9:554/live\n"),
  SettingsFile(
    "home/transmission/settings.json", #"{"rpc-username": "«user»", "rpc-password": "«!password»", "peer-port": 51413}"#
  ),
  SettingsFile(
    "home/nzbget.conf", "Server1.Username=«user»\nServer1.Password=«!password»\nControlPassword=«!password»\n"),
  SettingsFile("home/sabnzbd.ini", "[misc]\napi_key = «!hex:32»\nnzb_key = «!hex:32»\n"),
  SettingsFile("home/sonarr/config.xml", "<Config>\n  <Port>8989</Port>\n  <ApiKey>«!hex:32»</ApiKey>\n</Config>\n"),
  SettingsFile(
    "home/plex/Preferences.xml", #"<Preferences MachineIdentifier="«uuid»" PlexOnlineToken="«!base62:20»"/>"#),
  SettingsFile(
    "home/kodi/advancedsettings.xml",
    "<videodatabase>\n<type>mysql</type>\n<user>«user»</user>\n<pass>«!password»</pass>\n</videodatabase>\n"),
  SettingsFile(
    "home/icecast.xml",
    "<authentication>\n<source-password>«!password»</source-password>\n<admin-password>«!password»</admin-password>\n</authentication>\n"
  ),
  SettingsFile("home/minecraft/server.properties", "enable-rcon=true\nrcon.password=«!password»\nmotd=Hello there\n"),
  SettingsFile("home/csgo/server.cfg", "hostname \"x\"\nrcon_password \"«!password»\"\nsv_password \"«!password»\"\n"),
  SettingsFile("home/freeswitch/vars.xml", #"<X-PRE-PROCESS cmd="set" data="default_password=«!strong»"/>"#),
  SettingsFile(
    "home/kamailio.cfg", "modparam(\"auth_db\", \"db_url\", \"mysql://«user»:«!strong»@localhost/kamailio\")\n"),
  SettingsFile(
    "home/cassandra.yaml",
    "client_encryption_options:\n    keystore: conf/.keystore\n    keystore_password: «!password»\n"),
  SettingsFile(
    "home/kafka/client.properties",
    "security.protocol=SASL_SSL\nsasl.jaas.config=org.apache.kafka.common.security.plain.PlainLoginModule required username=\"«user»\" password=\"«!strong»\";\nssl.truststore.password=«!password»\n"
  ),
  SettingsFile(
    "home/couchdb/local.ini",
    "[admins]\nadmin = -pbkdf2-«?hex:40»,«hex:32»,10\n[couch_httpd_auth]\nsecret = «!hex:32»\n"),
  SettingsFile("home/activemq/credentials.properties", "activemq.username=«user»\nactivemq.password=«!password»\n"),
  SettingsFile("home/sonar.properties", "sonar.jdbc.username=«user»\nsonar.jdbc.password=«!password»\n"),
  SettingsFile(
    "home/jira/dbconfig.xml",
    "<jdbc-datasource>\n<username>«user»</username>\n<password>«!password»</password>\n</jdbc-datasource>\n"),
  SettingsFile(
    "home/confluence.cfg.xml",
    "<property name=\"hibernate.connection.password\">«!password»</property>\n<property name=\"hibernate.connection.username\">«user»</property>\n"
  ),
  SettingsFile("home/phabricator/local.json", #"{"mysql.user": "«user»", "mysql.pass": "«!password»"}"#),
  SettingsFile("home/moodle/config.php", "<?php\n$CFG->dbuser = '«user»';\n$CFG->dbpass = '«!password»';\n"),
  SettingsFile(
    "home/nextcloud/config.php",
    "<?php\n$CONFIG = array (\n  'passwordsalt' => '«?base62:30»',\n  'secret' => '«!base62:48»',\n  'dbpassword' => '«!password»',\n);\n"
  ),
  SettingsFile(
    "home/roundcube/config.inc.php",
    "<?php\n$config['des_key'] = '«!base62:24»';\n$config['db_dsnw'] = 'mysql://«user»:«!strong»@localhost/roundcube';\n"
  ),
  SettingsFile(
    "home/phpmyadmin/config.inc.php",
    "<?php\n$cfg['blowfish_secret'] = '«!base62:32»';\n$cfg['Servers'][$i]['password'] = '«!password»';\n"),
  SettingsFile(
    "home/synapse/homeserver.yaml",
    "registration_shared_secret: \"«!base62:50»\"\nmacaroon_secret_key: \"«!base62:50»\"\nform_secret: \"«!base62:50»\"\n"
  ),
  SettingsFile(
    "home/gitea/app.ini",
    "[database]\nUSER = «user»\nPASSWD = «!password»\n[security]\nSECRET_KEY = «!base62:64»\n[oauth2]\nJWT_SECRET = «!base62:43»\n"
  ),
  SettingsFile(
    "home/keycloak.conf", "db-username=«user»\ndb-password=«!password»\nhttps-key-store-password=«!password»\n"),
  SettingsFile(
    "home/haproxy.cfg", "userlist ops\n  user «user» insecure-password «!strong»\n  user «user» password «!crypt6»\n"),
  SettingsFile(
    "home/streamlit/secrets.toml",
    "db_username = \"«user»\"\ndb_password = \"«!password»\"\n[connections.x]\napi_key = \"«!base62:32»\"\n"),
  SettingsFile(
    "home/web.config", "<machineKey validationKey=\"«!HEX:128»\" decryptionKey=\"«!HEX:64»\" validation=\"SHA1\"/>\n"),
  SettingsFile("home/app.yaml", "env_variables:\n  SECRET_KEY: '«!base62:50»'\n  CLOUDSQL_PASSWORD: «!password»\n"),
  SettingsFile("home/wgetrc", "http_user = «user»\nhttp_password = «!password»\nproxy_password = «!password»\n"),
  SettingsFile("home/.curlrc", "user = \"«user»:«?strong»\"\nproxy-user = \"«user»:«?strong»\"\n"),
  SettingsFile(
    "home/jupyter_server_config.json",
    #"{"IdentityProvider": {"hashed_password": "«?bcrypt»"}, "ServerApp": {"token": "«!hex:48»"}}"#),
  SettingsFile("home/vault.json", #"{"keys": ["«?hex:66»"], "root_token": "«!base62:26»"}"#),
  SettingsFile("home/odbc.ini", "[shop]\nDriver = PostgreSQL\nUserName = «user»\nPassword = «!password»\n"),
  SettingsFile(
    "home/tnsaliases.sh", "sqlplus -s «user»/«!strong»@shop @report.sql\nexpdp «user»/«?strong» schemas=shop\n"),
]
