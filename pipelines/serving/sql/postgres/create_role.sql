create role {reader} nologin
