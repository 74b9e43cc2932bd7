package postgres

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
)

// statementBound is the longest one administrative statement may take.
const statementBound = 30 * time.Second

// CreateDatabase creates an empty database.
func (s *Server) CreateDatabase(ctx context.Context, name string) error {
	return s.CreateDatabaseFrom(ctx, name, "template0")
}

// CreateDatabaseFrom creates a database as a copy of another, to which nobody may be connected. A test suite
// that migrates one database and copies it saves the migrations.
func (s *Server) CreateDatabaseFrom(ctx context.Context, name, template string) error {
	statement := "CREATE DATABASE " + quote(name) + " TEMPLATE " + quote(template)
	if err := s.administer(ctx, statement); err != nil {
		return fmt.Errorf("create database %s: %w", name, err)
	}
	return nil
}

// DropDatabase removes a database, ending the sessions in it. A database that does not exist is no error.
func (s *Server) DropDatabase(ctx context.Context, name string) error {
	if err := s.administer(ctx, "DROP DATABASE IF EXISTS "+quote(name)+" WITH (FORCE)"); err != nil {
		return fmt.Errorf("drop database %s: %w", name, err)
	}
	return nil
}

func (s *Server) administer(ctx context.Context, statement string) error {
	ctx, cancel := context.WithTimeout(ctx, statementBound)
	defer cancel()
	conn, err := pgx.Connect(ctx, s.DSN("postgres"))
	if err != nil {
		return err
	}
	defer conn.Close(ctx)
	_, err = conn.Exec(ctx, statement)
	return err
}

func quote(name string) string { return pgx.Identifier{name}.Sanitize() }
